"""The audit log in the data-correction site: to look at, for everybody, and nothing more."""

from django.contrib import admin
from unfold.paginator import InfinitePaginator

from apps.audit.admin_site import site
from apps.audit.correction import ReadOnly
from apps.audit.models import AuditLog


@admin.register(AuditLog, site=site)
class AuditLogAdmin(ReadOnly):
    """Never counts the log, which grows without end."""

    paginator = InfinitePaginator
    list_display = ("timestamp", "action", "category", "user_email", "resource_type", "resource_name", "status")
    list_filter = ("category", "status", "is_row_image")
    search_fields = ("user_email__istartswith", "action__istartswith", "resource_id__exact", "request_id__exact")
    search_help_text = "Beginning of an e-mail or action, or a whole resource or request id"
    ordering = ("-timestamp", "-id")
