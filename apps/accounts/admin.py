"""Tenants and people in the data-correction site."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from apps.accounts.models import AuthProvider, Tenant, User
from apps.accounts.selectors.people import sees_all_tenants
from apps.accounts.services import default_tenant
from apps.accounts.services.ending import end_everything_of
from apps.accounts.services.guards import Standing, keep_an_admin, may_change, refuse_homeless
from apps.accounts.services.versions import locked
from apps.audit.admin_site import site
from apps.audit.correction import Correction, ReasonForm, changed_fields
from apps.audit.models import Category
from apps.core.context import because
from apps.core.errors import PortalError

OVERRIDE = ("role_override", "role_override_reason", "role_override_by", "role_override_until")
# What is asked of whoever changes an account, and not shown to whoever only looks.
ASKED = ("password_form", "reason")


def is_for_all(request: HttpRequest) -> bool:
    """Whether the request is of an ADMIN bound to no tenant."""
    return isinstance(request.user, User) and sees_all_tenants(request.user)


@admin.register(Tenant, site=site)
class TenantAdmin(Correction):
    """Tenants are closed (not active), never deleted; an ADMIN bound to none adds and corrects them."""

    audit_type = "tenant"
    audit_category = Category.USER
    list_display = ("name", "slug", "is_active", "node_limit", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "slug")
    readonly_fields = ("created_at", "updated_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and is_for_all(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and is_for_all(request)


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
    """An account; somebody must remain who may correct it, and the second of two editors is told what the first did."""

    version_read = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = User
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version_read"].initial = self.instance.version

    def clean(self) -> dict[str, Any] | None:
        found = super().clean() or {}
        now = User.objects.get(pk=self.instance.pk)
        tenant_id = found["tenant"].pk if found.get("tenant") else None
        becomes = Standing(
            role=found.get("role", now.role),
            is_active=found.get("is_active", now.is_active),
            tenant_id=tenant_id if "tenant" in self.fields else now.tenant_id,
        )
        try:
            keep_an_admin(now, becomes)
            locked(now, found.get("version_read"))
            refuse_homeless(becomes.role, becomes.tenant_id)
        except PortalError as refusal:
            raise forms.ValidationError(refusal.detail) from None
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
        "auth_provider", "issuer", "keycloak_user_id", "last_idp_role", *OVERRIDE, "is_superuser", "last_login",
        "created_at", "updated_at", "password_form",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("email", "full_name", "username", "time_zone", "notification_email", "password_form")}),
        ("Rights", {"fields": ("role", "tenant", "is_active", "is_superuser")}),
        ("Identity", {"fields": ("auth_provider", "issuer", "keycloak_user_id", "last_idp_role")}),
        ("Override", {"fields": OVERRIDE}),
        ("Times", {"fields": ("last_login", "created_at", "updated_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "full_name", "role", "password1", "password2")}),)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Leave the account of a superuser, and its password, to superusers."""
        is_open = not isinstance(obj, User) or (isinstance(request.user, User) and may_change(request.user, obj))
        return is_open and super().has_change_permission(request, obj)

    @admin.display(description="Password")
    def password_form(self, obj: User) -> str:
        if obj.auth_provider != AuthProvider.LOCAL:
            return "kept by the identity provider"
        return format_html('<a href="{}">Set a new password</a>', "../password/")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Show one's own place to oneself: what others must decide."""
        fixed = super().get_readonly_fields(request, obj)
        own = ("role", "is_active") if obj is not None and obj.pk == request.user.pk else ()
        return (*fixed, *own) if is_for_all(request) else (*fixed, *own, "tenant")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        found = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return [*found, ("", {"fields": ("version_read",)})] if obj else found
        shown = [(title, [name for name in part["fields"] if name not in ASKED]) for title, part in found]
        return [(title, {"fields": fields}) for title, fields in shown if fields]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.tenant = getattr(request.user, "tenant", None) or default_tenant()
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            end_everything_of(user=obj, reason="account closed", now=timezone.now())

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        changed = changed_fields(message)
        self.record_event("ROLE_CHANGED" if "Role" in changed else "CORRECTED", obj, changed)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        user = self.get_object(request, id)
        if user is not None and user.auth_provider != AuthProvider.LOCAL:
            return self.response_post_save_change(request, user)
        with because("password set in the data-correction site"):
            return super().user_change_password(request, id, form_url)
