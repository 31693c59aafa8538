"""The reads that happen before it is known which machine asks; see `accounts.lookups`."""

from uuid import UUID

from apps.core.sql import fetch_all, sql_text
from apps.nodes.models import EnrollmentToken


def tenant_of_key(key_id: str) -> UUID | None:
    """Return the tenant of the node whose key this is, whatever became of the key."""
    rows = fetch_all(__file__, "tenant_of_node_key.sql", {"key_id": key_id})
    found: UUID | None = rows[0]["tenant_id"]
    return found


def enrollment_token(key_id: str) -> EnrollmentToken | None:
    """Return an enrolment token, whatever became of it; its digest is for the caller to compare."""
    rows = EnrollmentToken.objects.raw(sql_text(__file__, "enrollment_token_by_key_id.sql"), {"key_id": key_id})
    return next(iter(rows), None)
