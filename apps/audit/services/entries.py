"""The one door through which events enter the audit log."""

import json
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.audit.models import Category, Status
from apps.core import live, sql
from apps.core.context import RequestContext, current


def record(
    *,
    action: str,
    category: Category,
    resource_type: str = "",
    resource_id: object = "",
    resource_name: str = "",
    description: str = "",
    details: dict[str, Any] | None = None,
    status: Status = Status.SUCCESS,
    error_message: str = "",
    tenant_id: UUID | None = None,
    subject_id: UUID | None = None,
    personal: dict[str, Any] | None = None,
) -> None:
    """Add one event by the actor of the current context, in the caller's transaction.

    `subject_id` is the person it is about, by default the account named by `resource_id` when the type is `user`.
    With a subject, `resource_name` counts as personal; what else tells who they are belongs into `personal`, so that
    it can be erased. Without a tenant the database takes the subject's, else the only one of whoever acts.
    """
    entry = {
        "action": action,
        "category": category,
        "resource_type": resource_type,
        "resource_id": str(resource_id)[:255],
        "resource_name": resource_name[:255],
        "description": description,
        "details": json.dumps(details or {}),
        "status": status,
        "error_message": error_message,
        "tenant_id": tenant_id,
        "subject_id": subject_id,
        "personal": json.dumps(personal) if personal else None,
    }
    sql.execute(__file__, "record.sql", entry | _circumstances(current()))
    live.publish("audit")


def record_apart(**entry: Any) -> None:
    """Add one event in a transaction of its own: for refusals, whose own transaction was rolled back."""
    with transaction.atomic(durable=not transaction.get_connection().in_atomic_block):
        record(**entry)


def _circumstances(context: RequestContext) -> dict[str, Any]:
    """Return the columns that come from the context."""
    return {
        "user_id": context.user_id or None,
        "user_email": context.user_email,
        "user_role": context.user_role,
        "reason": context.reason,
        "ip_address": context.ip_address or None,
        "user_agent": context.user_agent[:1000],
        "request_id": context.request_id,
    }
