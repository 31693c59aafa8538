"""The audit log."""

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import Action
from apps.api.base import PeopleView
from apps.api.describe import READ, describe
from apps.api.serializers.audit import AuditOut, AuditPageOut, AuditQuery
from apps.audit.selectors import AuditFilters, audit_page

FILTERS = ("category", "action", "user_email", "resource_id", "status", "text", "ip_address", "request_id")


class AuditList(PeopleView):
    """What was done, by whom."""

    actions = {"GET": Action.AUDIT_VIEW}

    @describe("List audit entries", AuditPageOut, tag="audit", query=AuditQuery, refusals=READ)
    def get(self, request: Request) -> Response:
        """One page, newest first; row images only when asked for."""
        asked = self.query(AuditQuery)
        filters = AuditFilters(
            **{name: asked.get(name, "") for name in FILTERS},
            since=asked.get("since"),
            until=asked.get("until"),
            with_row_images=asked["row_images"] == "true",
            person_id=asked.get("person_id"),
            has_reason=asked["has_reason"] == "true" if "has_reason" in asked else None,
        )
        page = audit_page(filters, asked.get("after"), asked["limit"])
        rows = AuditOut(list(page.rows), many=True).data
        return Response({"results": rows, "next": page.next_cursor, "previous": page.previous_cursor})
