"""Small makers of rows; every one takes what the test cares about and fills in the rest."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from apps.accounts.models import Tenant, User
from apps.accounts.services import default_tenant
from apps.metrics.models import IngestTrust, NodeLatest, SampleCorrection, UsageMetric
from apps.nodes.models import IngestPulse, Node
from apps.nodes.services import IssuedKey, create_enrollment_token, issue_key
from tests.database import acting_as

PASSWORD = "correct horse battery staple"
PEOPLE = {
    "ADMIN": ("ada@example.test", "Ada Admin"),
    "DEVOPS": ("otto@example.test", "Otto Operator"),
    "ANALYST": ("ana@example.test", "Ana Analyst"),
    "USER": ("uma@example.test", "Uma User"),
    "READONLY": ("rita@example.test", "Rita Reader"),
}
_numbers = count(1)


def tenant(**columns: Any) -> Tenant:
    """Return another tenant than the default one."""
    number = next(_numbers)
    return Tenant.objects.create(**{"slug": f"tenant-{number}", "name": f"Tenant {number}", **columns})


def user(role: str = "ADMIN", *, password: str | None = None, **columns: Any) -> User:
    """Return the person of the cast who has this role; a password only where it is needed, since it is slow."""
    email, name = PEOPLE[role]
    found = User.objects.filter(email=columns.get("email", email)).first()
    if found:
        return found
    person = User(**{"email": email, "full_name": name, "role": role, "tenant": default_tenant(), **columns})
    if password:
        person.set_password(password)
    person.save()
    return person


def node(**columns: Any) -> Node:
    """Return an active node in contact, of the default tenant."""
    number = next(_numbers)
    now = datetime.now(UTC)
    usual = {
        "hostname": f"node-{number:03}",
        "name": f"Node {number}",
        "machine_id": f"machine-{number}",
        "status": "active",
        "total_cpu_cores": 8,
        "total_memory_gb": 32.0,
        "last_heartbeat": now,
        "silent_after": now + timedelta(seconds=30),
    }
    return Node.objects.create(**{**usual, "tenant": columns.pop("tenant", None) or default_tenant(), **columns})


def key(of: Node, now: datetime | None = None) -> IssuedKey:
    """Return a new key of a node."""
    return issue_key(node=of, label="test", now=now or datetime.now(UTC))


def enrollment_token(**options: Any) -> str:
    """Return the text of a token for one machine, approved at once."""
    usual = {"uses": 1, "lifetime": timedelta(hours=1), "auto_approve": True, "tags": [], "now": datetime.now(UTC)}
    return create_enrollment_token(**{"tenant": default_tenant(), **usual, **options}).text


def usage(of: Node, at: datetime, **vitals: Any) -> UsageMetric:
    """Return one stored sample of a node's vitals."""
    with acting_as("omega_worker"):
        return UsageMetric.objects.create(node=of, timestamp=at, **{"cpu_percent": 10.0, **vitals})


def latest(of: Node, at: datetime | None = None, **vitals: Any) -> NodeLatest:
    """Return a node's newest vitals."""
    at = at or datetime.now(UTC)
    with acting_as("omega_worker"):
        return NodeLatest.objects.create(node=of, at=at, received_at=at, **{"cpu_percent": 10.0, **vitals})


def trust(of: Node, at: datetime, **columns: Any) -> IngestTrust:
    """Return what was counted of a node on a day."""
    with acting_as("data_collector"):
        return IngestTrust.objects.create(node=of, day=at.date(), **{"accepted": 1, **columns})


def correction(of: Node, **columns: Any) -> SampleCorrection:
    """Return a correction of a node's vitals that is done."""
    begin = datetime.now(UTC) - timedelta(hours=2)
    usual = {"kind": "remove", "reason": "broken sensor", "state": "applied", "starts_at": begin, "next_at": begin}
    ends = {"ends_at": begin + timedelta(hours=1), "tenant": of.tenant}
    return SampleCorrection.objects.create(node=of, **{**usual, **ends, **columns})


def pulse(at: datetime, since: datetime | None = None) -> IngestPulse:
    """Return the sign of an ingest process that listens."""
    with acting_as("data_collector"):
        return IngestPulse.objects.create(
            process_id=f"ingest-{next(_numbers)}", pulse_at=at, unbroken_since=since or at - timedelta(hours=1)
        )
