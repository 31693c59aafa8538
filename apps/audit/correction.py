"""What every page of the data-correction site has in common: a reason, one event per change, history by row images."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.audit.models import AuditLog, Category
from apps.audit.services import record
from apps.core.context import because

HISTORY_LENGTH = 100


class ReasonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that asks why."""

    reason = forms.CharField(
        max_length=500,
        strip=True,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Kept in the audit log beside what changed.",
    )


class Correction(ModelAdmin):  # type: ignore[misc]
    """Base of the editable pages. `audit_type` is the resource type under which the row's trigger logs."""

    form = ReasonForm
    audit_type = ""
    audit_category = Category.NODE
    show_full_result_count = False
    list_per_page = 50
    warn_unsaved_form = True
    object_history_template = "admin/row_history.html"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: rows are retired, closed or revoked, and stay for the record."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Put the reason at the end of every form."""
        return [*super().get_fieldsets(request, obj), ("Why", {"fields": ("reason",)})]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Leave the reason to its own section."""
        return [name for name in super().get_fields(request, obj) if name != "reason"]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Run the whole change for the reason that was typed."""
        with because(request.POST.get("reason", "").strip()[:500]):
            answer: HttpResponse = super().changeform_view(request, *args, **kwargs)
            return answer

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Record one event instead of a row of Django's own log."""
        self.record_event("ADDED", obj)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Record one event instead of a row of Django's own log; the row images say what changed."""
        self.record_event("CORRECTED", obj, changed_fields(message))

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Record one event for each removed row."""
        for obj in queryset:
            self.record_event("REMOVED", obj)

    def record_event(self, verb: str, obj: Model, changed: list[str] | None = None) -> None:
        """Write the event of one corrected row."""
        record(
            action=f"{self.audit_type.upper()}_{verb}",
            category=self.audit_category,
            resource_type=self.audit_type,
            resource_id=obj.pk,
            resource_name=str(obj),
            description="in the data-correction site",
            details={"fields": changed} if changed else None,
            tenant_id=getattr(obj, "tenant_id", None),
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what the database itself kept of every change of this row, whoever made it and however."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return missing
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {obj}",
            "entries": row_history(self.audit_type, obj.pk),
            "opts": self.opts,
            "object": obj,
        }
        return TemplateResponse(request, self.object_history_template, context)


class ReadOnly(ModelAdmin):  # type: ignore[misc]
    """Base of the pages that only show, whoever asks."""

    show_full_result_count = False
    list_per_page = 50
    actions: Any = None

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False


class HistoryEntry:
    """One change of a row: when, by whom, why, and each column before and after."""

    def __init__(self, row: AuditLog) -> None:
        """Read a row image."""
        before, after = row.details.get("before") or {}, row.details.get("after") or {}
        self.at: datetime = row.timestamp
        self.who = row.user_email or "the system"
        self.what, self.why = row.action, row.reason
        self.columns = [(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]


def row_history(audit_type: str, key: object) -> list[HistoryEntry]:
    """Return the newest changes of one row, newest first."""
    rows = AuditLog.objects.filter(resource_type=audit_type, resource_id=str(key), is_row_image=True)
    return [HistoryEntry(row) for row in rows[:HISTORY_LENGTH]]


def changed_fields(message: Any) -> list[str]:
    """Return the names of the fields in Django's own message about a change."""
    parts = message if isinstance(message, list) else []
    return [name for part in parts for name in part.get("changed", {}).get("fields", []) if name != "Reason"]
