"""A log that is sealed for real, and hands that reach into it past every rule."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from apps.audit.models import AuditLog, AuditSeal
from apps.audit.selectors.check import Finding, check_seals, unrecorded_tombstones
from apps.audit.selectors.seals import newest_seal
from apps.audit.services import record, seal_entries
from apps.core.context import RequestContext, acting
from apps.core.timescale.prepare import admin_connection
from tests.processes import wait_for
from tests.roles import serving_as

Tamper = Callable[..., None]
ADA = RequestContext(
    user_id="00000000-0000-0000-0000-00000000ada0",
    user_email="ada@example.test",
    user_role="ADMIN",
    request_id="req-1",
    ip_address="192.0.2.7",
    user_agent="Browser/1.0",
)


@pytest.fixture
def worker(committed: None) -> Iterator[None]:
    """The test acts as the worker's own log-in, and commits."""
    with serving_as("omega_worker"):
        yield


def write(count: int, **columns: object) -> list[AuditLog]:
    """Add events by Ada; returns them, oldest first."""
    for number in range(count):
        with acting(ADA):
            record(**{"action": f"TESTED_{number}", "category": "NODE", **columns})  # type: ignore[arg-type]
    return list(AuditLog.objects.order_by("-id")[:count])[::-1]


def seal_all(block: int = 3) -> None:
    """Seal everything that was written; transactions of other tests on the server delay it."""
    newest = AuditLog.objects.order_by("-id").values_list("id", flat=True)[0]

    def is_sealed() -> bool:
        seal_entries(now=datetime.now(UTC), block=block)
        seal = newest_seal()
        return seal is not None and seal.last_id >= newest

    wait_for(is_sealed, 60)


def findings() -> list[Finding]:
    """Return all that a check of every seal and every tombstone finds."""
    newest = AuditSeal.objects.first()
    in_seals = [found for checked in check_seals(1, newest.id if newest else 0) for found in checked.findings]
    return [*in_seals, *unrecorded_tombstones()]


@pytest.fixture
def tamper(worker: None) -> Iterator[Tamper]:
    """Run a statement as a superuser with all triggers off."""
    if not settings.DATABASE_ADMIN_URL:
        pytest.skip("needs a superuser's URL: DATABASE_ADMIN_URL")
    with psycopg.connect(
        **admin_connection(str(connections["owner"].settings_dict["NAME"])), autocommit=True
    ) as intruder:
        intruder.execute("SET session_replication_role = replica")
        yield lambda statement, *values: intruder.execute(statement, values) and None
