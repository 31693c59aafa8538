"""Draws conclusions from contact and silence."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.core import live, sql
from apps.nodes.models import IngestPulse

DEAD_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A node whose status followed what was heard of it."""

    node_id: UUID
    event_type: str
    previous_status: str
    new_status: str


def forget_dead_doors(*, now: datetime) -> int:
    """Delete the pulses of ingest processes that ended without saying so; returns how many."""
    return IngestPulse.objects.filter(pulse_at__lt=now - DEAD_AFTER).delete()[0]


@transaction.atomic
def settle_contact(*, now: datetime) -> list[StatusChange]:
    """Mark silent nodes offline and heard ones active again, each change logged once; returns the changes."""
    rows = sql.fetch_all(__file__, "settle_contact.sql", {"now": now})
    changes = [StatusChange(**row) for row in rows]
    if changes:
        live.publish("nodes", *(f"node:{change.node_id}" for change in changes))
    return changes
