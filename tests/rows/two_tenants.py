"""Two tenants with a machine and people each: whatever one sees of the other is a fault."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from apps.accounts.models import ApiToken, Invitation, Quota, QuotaRequest, Tenant, User, WebSession
from apps.accounts.requests import context_of_person
from apps.core.context import NOBODY, RequestContext, acting
from apps.metrics.models import MetricFamily, MetricSample, MetricSeries, ProcessSnapshot
from apps.nodes.models import Node, NodeCommand, NodeResource
from apps.sessions.models import UserSession
from tests import make
from tests.database import acting_as

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class House:
    """One tenant with everything that can belong to it."""

    tenant: Tenant
    node: Node
    people: dict[str, User]

    def context(self, role: str) -> RequestContext:
        """Return the context in which its person of a role acts."""
        with acting(NOBODY):
            return replace(context_of_person(self.people[role]), request_id=uuid4().hex)


def house(name: str) -> House:
    """Make a tenant, a machine with rows in every table about machines, and a person of each role with own rows."""
    tenant = make.tenant(slug=name, name=name.title())
    people = {
        role: make.user(role, tenant=tenant, email=f"{role.lower()}@{name}.example.test")
        for role in ("ADMIN", "DEVOPS", "ANALYST", "USER", "READONLY")
    }
    for person in people.values():
        belongings(person)
    Quota.objects.create(tenant=tenant, cpu_cores=64)
    Invitation.objects.create(
        tenant=tenant, email=f"new@{name}.example.test", key_id=uuid4().hex[:12], digest=b"x" * 32, expires_at=NOW
    )
    return House(tenant, machine(tenant, name), people)


def belongings(person: User) -> None:
    """Give a person a web session, a token, a quota and a request."""
    digest = sha256(person.email.encode()).hexdigest()
    WebSession.objects.create(user=person, session_digest=digest, expires_at=NOW + timedelta(days=365))
    ApiToken.objects.create(
        key_id=digest[:12], user=person, name="script", digest=b"x" * 32, expires_at=NOW + timedelta(days=365)
    )
    Quota.objects.create(user=person, cpu_cores=8)
    QuotaRequest.objects.create(user=person, cpu_cores=16, reason="a bigger model")


def machine(tenant: Tenant, name: str) -> Node:
    """Make a node with something in every table that is about nodes."""
    node = make.node(tenant=tenant, hostname=f"{name}-1")
    make.key(node)
    make.enrollment_token(tenant=tenant)
    NodeResource.objects.create(node=node, resource_type="cpu", capacity=8, unit="cores")
    NodeCommand.objects.create(node=node, command="ping")
    node.lifecycle.create(event_type="ENROLLED", new_status="active", triggered_by="system", timestamp=NOW)
    make.usage(node, NOW)
    make.latest(node, NOW)
    make.correction(node)
    make.trust(node, NOW)
    UserSession.objects.create(node=node, username="root", login_time=NOW)
    with acting_as("omega_worker"):
        series = MetricSeries.objects.create(tenant=tenant, node=node, metric_type="queue_length")
        MetricFamily.objects.create(tenant=tenant, metric_type="queue_length", kind="gauge")
        MetricSample.objects.bulk_create([MetricSample(series=series, time=NOW, value=1.0)])
        ProcessSnapshot.objects.bulk_create([ProcessSnapshot(node=node, timestamp=NOW, pid=1, name="init")])
    return node
