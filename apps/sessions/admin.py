"""Logins on machines in the data-correction site."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.paginator import InfinitePaginator

from apps.audit.admin_site import site
from apps.audit.correction import Correction, ReasonForm
from apps.audit.models import Category
from apps.sessions.models import UserSession


class UserSessionForm(ReasonForm):
    """A login; it belongs to nobody of another tenant than its machine's."""

    class Meta:
        model = UserSession
        fields = ("user", "terminal", "login_time", "logout_time", "is_active", "peak_cpu_usage", "peak_ram_usage")

    def clean(self) -> dict[str, Any] | None:
        found = super().clean() or {}
        person = found.get("user")
        if person is not None and person.tenant_id != self.instance.node.tenant_id:
            raise forms.ValidationError({"user": "This person belongs to another tenant than the machine."})
        return found


@admin.register(UserSession, site=site)
class UserSessionAdmin(Correction):
    """Corrects what an agent told: whose login it was, when it began and ended. New ones come from agents alone."""

    form = UserSessionForm
    paginator = InfinitePaginator
    audit_type = "user_session"
    audit_category = Category.SESSION
    list_display = ("username", "node", "user", "terminal", "login_time", "logout_time", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("node", "user")
    search_fields = ("username__exact", "node__hostname")
    autocomplete_fields = ("user",)
    readonly_fields = ("username", "node", "session_duration_minutes", "active_processes", "reported_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
