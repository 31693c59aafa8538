"""A token lets a machine in: once, again, never another one under its name, and never more than it may."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import Tenant
from apps.accounts.requests import context_of_person
from apps.accounts.services import default_tenant
from apps.audit.models import AuditLog
from apps.core.context import RequestContext, acting
from apps.core.errors import Conflict, PortalError, Unauthenticated
from apps.core.keys import new_key, parse
from apps.nodes.models import EnrollmentToken, Node, NodeApiKey, NodeLifecycleLog, NodeResource
from apps.nodes.services import MachineFacts, create_enrollment_token, enroll_node, retire_node, revoke_enrollment_token
from tests import make

pytestmark = pytest.mark.django_db
GPU_BOX = MachineFacts(
    hostname="gpu-01",
    machine_id="board-4711",
    agent_version="1.0",
    os_name="Debian 12",
    node_type="gpu",
    total_cpu_cores=64,
    total_memory_gb=512.0,
    total_storage_gb=4000.0,
    gpu_model="H100",
    gpu_count=8,
    ip_address="192.0.2.10",
    labels={"rack": "r1"},
    tags=["ml"],
)


def enrol(token: str, now: datetime, **facts: Any) -> Node:
    """Let the machine in and return its node, as the database holds it."""
    enrolment = enroll_node(token=token, machine=replace(GPU_BOX, **facts), now=now)
    return Node.objects.get(pk=enrolment.node.pk)


def uses_left() -> int:
    """Return how many machines the only token still lets in."""
    return EnrollmentToken.objects.get().uses_left


def resources(node: Node) -> dict[str, tuple[float, float]]:
    """Return (capacity, given away) of each resource."""
    rows = NodeResource.objects.filter(node=node)
    return {row.resource_type: (row.capacity, row.allocated_capacity) for row in rows}


def test_new_machine_becomes_a_node_with_its_facts_and_resources(now: datetime) -> None:
    node = enrol(make.enrollment_token(tags=["lab-3"]), now)

    assert (node.hostname, node.name, node.status, node.tenant) == ("gpu-01", "gpu-01", "active", default_tenant())
    assert (node.node_type, node.gpu_model, node.machine_id) == ("gpu", "H100", "board-4711")
    assert (node.tags, node.labels) == (["lab-3", "ml"], {"rack": "r1"})
    assert resources(node) == {"cpu": (64, 0), "memory": (512, 0), "storage": (4000, 0), "gpu": (8, 0)}
    assert (node.last_heartbeat, node.silent_after) == (now, now + timedelta(seconds=30))


def test_key_that_comes_out_is_the_one_kept(now: datetime) -> None:
    enrolment = enroll_node(token=make.enrollment_token(), machine=GPU_BOX, now=now)
    parsed, kept = parse(enrolment.key_text, "omg"), NodeApiKey.objects.get()

    assert parsed is not None
    assert (parsed.key_id, parsed.digest, kept.node_id) == (kept.key_id, bytes(kept.digest), enrolment.node.pk)
    assert set(kept.scopes) == {"ingest", "config:read", "commands", "key:rotate"}


def test_enrolment_uses_the_token_and_leaves_history_and_event(now: datetime) -> None:
    with acting(RequestContext(request_id="req-5", tenant_ids="all", user_role="SYSTEM")):
        node = enrol(make.enrollment_token(uses=3), now)

    log = NodeLifecycleLog.objects.get()
    assert (uses_left(), log.event_type, log.previous_status, log.new_status) == (2, "ENROLLED", "", "active")
    assert (log.triggered_by, log.extra_data["token"]) == ("system", EnrollmentToken.objects.get().key_id)
    event = AuditLog.objects.get(action="NODE_ENROLLED")
    assert (event.resource_id, event.request_id) == (str(node.pk), "req-5")


def test_machine_waits_for_approval_where_the_token_says_so(now: datetime) -> None:
    assert enrol(make.enrollment_token(auto_approve=False), now).status == "pending"


def test_same_machine_again_keeps_its_node_and_what_people_gave_it(now: datetime) -> None:
    token = make.enrollment_token(uses=2)
    first = enrol(token, now)
    Node.objects.filter(pk=first.pk).update(tags=["by-hand"], labels={"owner": "ada"}, region="north", name="Big one")
    old_key = NodeApiKey.objects.get()

    again = enrol(token, now + timedelta(minutes=30), total_memory_gb=1024.0, labels={"rack": "r2"})

    assert (again.pk, again.name, again.region) == (first.pk, "Big one", "north")
    assert (again.tags, again.labels) == (["by-hand", "ml"], {"owner": "ada", "rack": "r2"})
    assert resources(again)["memory"] == (1024, 0)
    old_key.refresh_from_db()
    assert old_key.revoked_at == now + timedelta(minutes=30)
    assert NodeApiKey.objects.filter(revoked_at=None).count() == 1
    assert [log.event_type for log in NodeLifecycleLog.objects.order_by("id")] == ["ENROLLED", "REENROLLED"]


@pytest.mark.parametrize("status", ["inactive", "maintenance", "offline", "error", "active"])
def test_coming_again_decides_nothing_about_a_status_people_or_silence_set(status: str, now: datetime) -> None:
    token = make.enrollment_token(uses=2)
    node = enrol(token, now)
    Node.objects.filter(pk=node.pk).update(status=status)

    assert enrol(token, now).status == status


def test_pending_machine_that_comes_with_an_approving_token_is_in(now: datetime) -> None:
    enrol(make.enrollment_token(auto_approve=False), now)

    assert enrol(make.enrollment_token(auto_approve=True), now).status == "active"


def test_what_was_given_away_stays_when_the_machine_comes_again(now: datetime) -> None:
    token = make.enrollment_token(uses=2)
    node = enrol(token, now)
    NodeResource.objects.filter(node=node, resource_type="gpu").update(allocated_capacity=5)
    enrol(token, now)

    assert resources(node)["gpu"] == (8, 5)


def test_machine_that_came_back_smaller_keeps_what_it_gave_away_until_that_is_returned(now: datetime) -> None:
    token = make.enrollment_token(uses=3)
    node = enrol(token, now)
    NodeResource.objects.filter(node=node, resource_type="gpu").update(allocated_capacity=5)

    enrol(token, now, gpu_count=4, total_memory_gb=256.0)
    while_in_use = resources(node)
    NodeResource.objects.filter(node=node).update(allocated_capacity=0)
    enrol(token, now, gpu_count=4, total_memory_gb=256.0)

    assert (while_in_use["gpu"], while_in_use["memory"]) == ((5, 5), (256, 0))
    assert resources(node)["gpu"] == (4, 0)


def test_machine_that_lost_a_resource_offers_it_no_more(now: datetime) -> None:
    token = make.enrollment_token(uses=2)
    node = enrol(token, now)
    NodeResource.objects.create(node=node, resource_type="network", capacity=100, unit="Gbit/s")
    enrol(token, now, gpu_count=0)

    assert resources(node).keys() == {"cpu", "memory", "storage", "network"}


REFUSED_TEXTS = ["", "ome_", "nonsense", "ome_" + "a" * 61, "\x00", "ö" * 50, "x" * 10_000]


@pytest.mark.parametrize("text", REFUSED_TEXTS)
def test_text_that_is_no_token_is_refused(text: str, now: datetime) -> None:
    with pytest.raises(Unauthenticated, match="wrong, used up, or over"):
        enroll_node(token=text, machine=GPU_BOX, now=now)


@pytest.mark.parametrize(
    "case", ["never issued", "agent key", "other secret", "used up", "over", "revoked", "tenant inactive"]
)
def test_token_that_does_not_count_gets_one_and_the_same_refusal(case: str, now: datetime) -> None:
    token = make.enrollment_token(uses=1, lifetime=timedelta(hours=1), now=now)
    row = EnrollmentToken.objects.get()
    if case == "never issued":
        token = new_key("ome").text
    elif case == "agent key":
        token = make.key(make.node()).text
    elif case == "other secret":
        EnrollmentToken.objects.filter(pk=row.pk).update(digest=b"x" * 32)
    elif case == "used up":
        enrol(token, now, hostname="first", machine_id="first")
    elif case == "revoked":
        revoke_enrollment_token(token=row, now=now)
    elif case == "tenant inactive":
        Tenant.objects.filter(pk=row.tenant_id).update(is_active=False)
    at = now + timedelta(hours=1) if case == "over" else now

    with pytest.raises(Unauthenticated) as refusal, transaction.atomic():
        enroll_node(token=token, machine=GPU_BOX, now=at)

    assert (refusal.value.code, refusal.value.detail) == (
        "invalid_token",
        "This enrolment token is wrong, used up, or over.",
    )
    assert not Node.objects.filter(hostname="gpu-01").exists()


def test_host_name_of_another_machine_is_refused_and_uses_nothing_up(now: datetime) -> None:
    token = make.enrollment_token(uses=2)
    node = enrol(token, now)
    key = NodeApiKey.objects.get()

    with pytest.raises(Conflict) as refusal, transaction.atomic():
        enrol(token, now, machine_id="board-9999")

    assert (refusal.value.code, refusal.value.field, uses_left()) == ("hostname_taken", "hostname", 1)
    key.refresh_from_db()
    assert (key.revoked_at, Node.objects.get(pk=node.pk).machine_id) == (None, "board-4711")


def test_same_host_name_in_another_tenant_is_another_node(now: datetime) -> None:
    here = enrol(make.enrollment_token(), now)
    there = enrol(make.enrollment_token(tenant=make.tenant()), now, machine_id="board-9999")

    assert here.pk != there.pk


def test_retired_machine_does_not_come_back_by_enrolling(now: datetime) -> None:
    token = make.enrollment_token(uses=2)
    retire_node(node=enrol(token, now), reason="sold", now=now)

    with pytest.raises(Conflict) as refusal, transaction.atomic():
        enrol(token, now)

    assert (refusal.value.code, uses_left()) == ("node_retired", 1)


def test_tenant_that_is_full_takes_no_new_machine_but_knows_its_own(now: datetime) -> None:
    tenant = make.tenant(node_limit=2)
    token = make.enrollment_token(tenant=tenant, uses=9)
    retire_node(node=enrol(token, now, hostname="old", machine_id="0"), reason="sold", now=now)
    for n in (1, 2):
        enrol(token, now, hostname=f"m{n}", machine_id=str(n))

    with pytest.raises(Conflict) as refusal, transaction.atomic():
        enrol(token, now, hostname="m3", machine_id="3")

    assert refusal.value.code == "node_limit"
    assert enrol(token, now, hostname="m2", machine_id="2").status == "active"


def test_token_is_issued_by_somebody_and_shown_once(now: datetime) -> None:
    ada = make.user()
    with acting(context_of_person(ada)):
        issued = create_enrollment_token(
            tenant=default_tenant(), uses=5, lifetime=timedelta(hours=2), auto_approve=True, tags=["a"], now=now
        )

    row = EnrollmentToken.objects.get()
    assert (row.created_by, row.uses_left, row.expires_at) == (ada.pk, 5, now + timedelta(hours=2))
    event = AuditLog.objects.get(action="ENROLLMENT_TOKEN_ISSUED")
    assert (event.user_email, event.details["uses"]) == (ada.email, 5)
    assert issued.text not in str(event.__dict__)


def test_every_refusal_is_one_a_door_can_answer(now: datetime) -> None:
    with pytest.raises(PortalError) as refusal:
        enroll_node(token="nonsense", machine=GPU_BOX, now=now)

    assert (refusal.value.status, refusal.value.as_json()["code"]) == (401, "invalid_token")
