"""Takes people out of the log: what tells who they are becomes blank, and the seals still hold.

What others wrote about them in a reason or a description stays; nothing can find it there.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.audit.models import Category
from apps.audit.selectors import erased_people
from apps.audit.services.entries import record
from apps.core import live, sql
from apps.core.context import current

FORGOTTEN_AFTER = timedelta(days=90)


@transaction.atomic
def erase_people(*, people: Sequence[UUID], now: datetime) -> int:
    """Blank who these people are in every entry, leave a tombstone and an event for each; returns how many changed.

    Their rows elsewhere must be gone before: what changes there afterwards leaves new images. Only the owner may.
    """
    changed = _erase(people, now)
    for person in people:
        record(action="PERSON_ERASED", category=Category.USER, resource_type="user", resource_id=person)
    return changed


@transaction.atomic
def erase_again(*, people: Sequence[UUID] = (), now: datetime) -> int:
    """Erase these and everybody with a tombstone anew, after an older backup was restored.

    Returns how many entries changed. Accounts that came back with the backup are for the caller to delete before.
    """
    changed = _erase(sorted({*people, *erased_people()}), now)
    return changed + erase_strangers(now=now)


def erase_strangers(*, now: datetime) -> int:
    """Blank who strangers were in entries older than 90 days; returns how many entries changed."""
    params = {"cutoff": now - FORGOTTEN_AFTER, "at": now}
    return int(sql.fetch_all(__file__, "erase_strangers.sql", params)[0]["changed"])


def _erase(people: Sequence[UUID], now: datetime) -> int:
    """Call the one function that may."""
    params = {"people": list(people), "at": now, "actor": current().user_id or None}
    changed = int(sql.fetch_all(__file__, "erase_people.sql", params)[0]["changed"])
    live.publish("audit")
    return changed
