"""The inventory in the data-correction site. Secrets are nowhere: keys and tokens show their public half."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, JSON
from import_export.results import Result
from unfold.contrib.import_export.forms import ExportForm, ImportForm
from unfold.forms import ActionForm
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.audit.admin_site import site
from apps.audit.correction import Correction, ReadOnly
from apps.audit.models import Category
from apps.audit.services import record
from apps.core.context import because
from apps.core.errors import PortalError
from apps.nodes.models import EnrollmentToken, Node, NodeApiKey, NodeLifecycleLog, NodeResource
from apps.nodes.services import revoke_enrollment_token, revoke_key
from apps.nodes.sheet import NodeSheet


class ReasonActionForm(ActionForm):
    """Asks why before an action on chosen rows."""

    reason = forms.CharField(
        max_length=500,
        required=False,
        label="",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Reason", "aria-label": "Reason"}),
    )


class Ending(ReadOnly):
    """Base of the pages whose rows can be ended, by the service, for a reason, and not otherwise touched."""

    actions = ("end_chosen",)
    action_form = ReasonActionForm
    end: Callable[..., object]

    @admin.action(description="Revoke")
    def end_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        reason = request.POST.get("reason", "").strip()[:500]
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not reason:
            self.message_user(request, "Say why, in the field beside the action.", messages.ERROR)
            return
        for row in queryset:
            try:
                self.end_one(row, reason)
            except PortalError as error:
                self.message_user(request, f"{row}: {error.detail}", messages.ERROR)
            else:
                self.message_user(request, f"{row} is revoked.", messages.SUCCESS)

    def end_one(self, row: Any, reason: str) -> None:
        raise NotImplementedError


@admin.register(Node, site=site)
class NodeAdmin(Correction, ImportExportModelAdmin):
    """Corrects what is known of a node; its state changes on the node's own page, by the verbs there."""

    audit_type = "node"
    resource_classes = (NodeSheet,)
    import_form_class = ImportForm
    export_form_class = ExportForm
    import_formats = export_formats = (CSV, JSON)
    skip_admin_log = True
    list_display = ("hostname", "name", "node_type", "status", "region", "tenant", "last_heartbeat")
    list_filter = ("status", "node_type", "is_draining")
    list_select_related = ("tenant",)
    search_fields = ("hostname", "name", "ip_address__startswith", "machine_id__exact")
    readonly_fields = (
        "tenant", "status", "is_draining", "drain_reason", "drain_until", "agent_version", "last_heartbeat",
        "silent_after", "reported_status", "reported_error", "reported_config_hash", "clock_skew_seconds",
        "created_at", "updated_at", "samples",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("hostname", "name", "description", "node_type", "tenant")}),
        ("Place", {"fields": ("region", "location", "ip_address", "labels", "tags")}),
        ("Hardware", {"fields": ("cpu_model", "total_cpu_cores", "total_memory_gb", "total_storage_gb", "gpu_model",
                                 "gpu_count", "os_name", "machine_id")}),
        ("Contact", {"fields": ("heartbeat_interval_seconds", "silence_grace_seconds", "agent_version",
                                "last_heartbeat",
                                "silent_after", "reported_status", "reported_error", "reported_config_hash",
                                "clock_skew_seconds")}),
        ("State", {"fields": ("status", "is_draining", "drain_reason", "drain_until", "created_at", "updated_at")}),
        ("Samples", {"fields": ("samples",)}),
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="Samples of the node")
    def samples(self, obj: Node) -> SafeString:
        """Lead to where samples are corrected: there are too many for a form."""
        address = reverse("nodes:correct", args=[obj.pk])
        return format_html('<a href="{}">Correct samples: remove them, or set values to unknown</a>', address)

    def view_on_site(self, obj: Node) -> str:
        return reverse("nodes:detail", args=[obj.pk])

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with because("nodes imported in the data-correction site"):
            answer: HttpResponse = super().import_action(request, **kwargs)
            return answer

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with because("nodes imported in the data-correction site"):
            answer: HttpResponse = super().process_import(request, **kwargs)
            return answer

    def process_result(self, result: Result, request: HttpRequest) -> HttpResponse:
        record(action="NODES_IMPORTED", category=Category.NODE, resource_type="node", details=dict(result.totals))
        answer: HttpResponse = super().process_result(result, request)
        return answer

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: Any, **kwargs: Any) -> Any:
        record(action="NODES_EXPORTED", category=Category.NODE, resource_type="node")
        return super().get_export_data(file_format, request, queryset, **kwargs)


@admin.register(NodeResource, site=site)
class NodeResourceAdmin(Correction):
    """Capacities of nodes; the database refuses to give away more than there is."""

    audit_type = "node_resource"
    list_display = ("node", "resource_type", "capacity", "allocated_capacity", "available_capacity", "unit")
    list_filter = ("resource_type",)
    list_select_related = ("node",)
    search_fields = ("node__hostname",)
    autocomplete_fields = ("node",)
    readonly_fields = ("available_capacity",)


@admin.register(NodeApiKey, site=site)
class NodeApiKeyAdmin(Ending):
    """Keys by their public half; ended by the same service as everywhere."""

    list_display = (
        "__str__",
        "node",
        "label",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_ip",
        "revoked_at",
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("node",)
    search_fields = ("key_id__exact", "node__hostname", "label")
    fields = (
        "key_id", "node", "scopes", "label", "allowed_ips", "created_at", "expires_at", "last_used_at", "last_used_ip",
        "revoked_at",
    )  # fmt: skip

    def end_one(self, row: NodeApiKey, reason: str) -> None:
        revoke_key(key=row, reason=reason, now=now())


@admin.register(EnrollmentToken, site=site)
class EnrollmentTokenAdmin(Ending):
    """Tokens by their public half; new ones come from the portal, which shows the text once."""

    list_display = ("__str__", "tenant", "uses_left", "auto_approve", "created_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "auto_approve")
    list_select_related = ("tenant",)
    search_fields = ("key_id__exact",)
    fields = (
        "key_id", "tenant", "uses_left", "auto_approve", "default_tags", "created_by", "created_at", "expires_at",
        "revoked_at",
    )  # fmt: skip

    def end_one(self, row: EnrollmentToken, reason: str) -> None:
        with because(reason):
            revoke_enrollment_token(token=row, now=now())


@admin.register(NodeLifecycleLog, site=site)
class NodeLifecycleLogAdmin(ReadOnly):
    """What happened to nodes; never counted, only read."""

    paginator = InfinitePaginator
    list_display = ("timestamp", "node", "event_type", "previous_status", "new_status", "triggered_by", "reason")
    list_filter = ("event_type", "triggered_by")
    list_select_related = ("node",)
    search_fields = ("node__hostname",)
    ordering = ("-timestamp", "-id")
