"""Tenants and people in the data-correction site."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from apps.accounts.models import AuthProvider, Tenant, User
from apps.accounts.permissions import Role
from apps.accounts.services import default_tenant
from apps.audit.admin_site import site
from apps.audit.correction import Correction, ReasonForm, changed_fields
from apps.audit.models import Category
from apps.core.context import because


@admin.register(Tenant, site=site)
class TenantAdmin(Correction):
    """Tenants are closed (not active), never deleted. A second one waits until rows are fenced off by tenant."""

    audit_type = "tenant"
    audit_category = Category.USER
    list_display = ("name", "slug", "is_active", "node_limit", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "slug")
    readonly_fields = ("created_at", "updated_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class NewUserForm(UserCreationForm, ReasonForm):
    """A new local account with its first password."""

    class Meta:
        model = User
        fields = ("email", "full_name", "role")
        field_classes: dict[str, Any] = {}

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("Somebody has this e-mail already.")
        return email


class UserForm(ReasonForm):
    """An account; somebody must remain who may correct it."""

    class Meta:
        model = User
        fields = "__all__"

    def clean(self) -> dict[str, Any] | None:
        found = super().clean() or {}
        stays = found.get("role", self.instance.role) == Role.ADMIN and found.get("is_active", self.instance.is_active)
        was = User.objects.filter(pk=self.instance.pk, role=Role.ADMIN, is_active=True).exists()
        others = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=self.instance.pk)
        if was and not stays and not others.exists():
            raise forms.ValidationError("This is the last open ADMIN account; make another one first.")
        return found


@admin.register(User, site=site)
class UserAdmin(Correction, DjangoUserAdmin):  # type: ignore[misc, type-arg]
    """People: a password can be set by its own form, and is never shown in any shape."""

    audit_type = "user"
    audit_category = Category.USER
    form = UserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "full_name", "role", "tenant", "auth_provider", "is_active", "last_login")
    list_filter = ("role", "is_active", "auth_provider")
    list_select_related = ("tenant",)
    search_fields = ("email", "full_name", "username")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = (
        "tenant", "auth_provider", "issuer", "keycloak_user_id", "last_idp_role", "is_superuser", "last_login",
        "created_at", "updated_at", "password_form",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("email", "full_name", "username", "time_zone", "password_form")}),
        ("Rights", {"fields": ("role", "tenant", "is_active", "is_superuser")}),
        ("Identity", {"fields": ("auth_provider", "issuer", "keycloak_user_id", "last_idp_role")}),
        ("Times", {"fields": ("last_login", "created_at", "updated_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "full_name", "role", "password1", "password2")}),)

    @admin.display(description="Password")
    def password_form(self, obj: User) -> str:
        if obj.auth_provider != AuthProvider.LOCAL:
            return "kept by the identity provider"
        return format_html('<a href="{}">Set a new password</a>', "../password/")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.tenant = default_tenant()
        super().save_model(request, obj, form, change)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        changed = changed_fields(message)
        self.record_event("ROLE_CHANGED" if "Role" in changed else "CORRECTED", obj, changed)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        user = self.get_object(request, id)
        if user is not None and user.auth_provider != AuthProvider.LOCAL:
            return self.response_post_save_change(request, user)
        with because("password set in the data-correction site"):
            return super().user_change_password(request, id, form_url)
