"""Reads of the inventory: filters that mean what they say, also to hostile input."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.core.errors import NotFound
from apps.nodes.models import EnrollmentToken, Node, NodeLifecycleLog, NodeResource, NodeStatus
from apps.nodes.selectors import (
    NodeFilters,
    capacity,
    is_ingest_alive,
    lifecycle,
    lifecycle_between,
    live_tokens,
    matching_nodes,
    needing_attention,
    node_by_id,
    nodes_enrolled_with,
    recent_lifecycle,
    regions,
    resources_of,
    status_counts,
)
from apps.nodes.services import MachineFacts, enroll_node, retire_node, revoke_enrollment_token
from tests import make

pytestmark = pytest.mark.django_db
FILTERS = {
    "status": (NodeFilters(status="offline"), {"status": "offline"}),
    "type": (NodeFilters(node_type="gpu"), {"node_type": "gpu"}),
    "region": (NodeFilters(region="north"), {"region": "north"}),
    "tag": (NodeFilters(tag="ml"), {"tags": ["ml", "big"]}),
    "label": (NodeFilters(label="rack=r1"), {"labels": {"rack": "r1"}}),
    "label of any value": (NodeFilters(label="rack"), {"labels": {"rack": "r7"}}),
    "label whose value holds the sign": (NodeFilters(label="q=a=b"), {"labels": {"q": "a=b"}}),
    "draining": (NodeFilters(draining=True), {"is_draining": True}),
    "text in host name": (NodeFilters(text="GPU-0"), {"hostname": "gpu-01"}),
    "text in name": (NodeFilters(text="cellar"), {"name": "The Cellar"}),
    "text in description": (NodeFilters(text="50%"), {"description": "at 50% power"}),
    "address": (NodeFilters(text="192.0.2."), {"ip_address": "192.0.2.77"}),
    "all at once": (
        NodeFilters(status="error", tag="x", text="zeta"),
        {"status": "error", "tags": ["x"], "name": "zeta"},
    ),
}


def token(**options: Any) -> EnrollmentToken:
    """Return the row of a new token."""
    text = make.enrollment_token(**options)
    return EnrollmentToken.objects.get(key_id=text.split("_")[1])


@pytest.mark.parametrize("name", FILTERS)
def test_filter_keeps_what_matches_and_nothing_else(name: str) -> None:
    filters, columns = FILTERS[name]
    wanted = make.node(**columns)
    make.node(region="north-east", tags=["mlx"], labels={"racks": "r1", "q": "a"}, description="50 per cent, 500")

    assert list(matching_nodes(filters)) == [wanted]


@pytest.mark.parametrize("hostile", ["%", "_", "'", '"', "\\", "\x00", "\ud800", "'; DROP TABLE nodes; --", "x" * 5000])
@pytest.mark.parametrize("place", ["status", "node_type", "text", "tag", "label", "region"])
def test_hostile_input_finds_nothing_and_breaks_nothing(place: str, hostile: str) -> None:
    make.node(tags=["a"], labels={"a": "b"}, region="north", description="plain")

    assert list(matching_nodes(NodeFilters(**{place: hostile}))) == []
    assert list(matching_nodes(NodeFilters(label=f"a={hostile}"))) == []


def test_retired_nodes_are_shown_only_when_asked_for() -> None:
    here, gone = make.node(), make.node(status="retired")

    assert list(matching_nodes(NodeFilters())) == [here]
    assert list(matching_nodes(NodeFilters(status="retired"))) == [gone]


def test_counts_name_every_status() -> None:
    for status in ("active", "active", "offline", "retired"):
        make.node(status=status)

    found = status_counts()
    assert found == dict.fromkeys(NodeStatus.values, 0) | {"active": 2, "offline": 1, "retired": 1}


def test_regions_in_use_are_named_once_in_order() -> None:
    for region in ("south", "north", "", "south"):
        make.node(region=region)

    assert regions() == ["north", "south"]


@pytest.mark.parametrize("odd", ["", "nonsense", "\x00", "0" * 31, "c0ffee00-0000-4000-8000-000000000000"])
def test_absent_and_impossible_ids_get_the_same_answer(odd: str) -> None:
    make.node()

    with pytest.raises(NotFound, match="There is no such node"):
        node_by_id(odd)


def test_node_is_found_by_its_id_with_its_tenant_in_one_statement(django_assert_num_queries: object) -> None:
    node = make.node()
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert node_by_id(str(node.pk)).tenant.slug == "default"


def test_only_tokens_that_still_let_machines_in_are_shown(now: datetime) -> None:
    issued = [
        token(now=now),
        token(now=now - timedelta(hours=1), lifetime=timedelta(hours=1)),
        token(now=now, uses=0),
        token(now=now),
    ]
    revoke_enrollment_token(token=issued[3], now=now)

    assert live_tokens(now) == [issued[0]]


def test_nodes_a_token_let_in_are_found_each_once(now: datetime) -> None:
    token = make.enrollment_token(uses=3, now=now)
    row = EnrollmentToken.objects.get()
    for _ in range(2):
        enroll_node(token=token, machine=MachineFacts(hostname="m1", machine_id="1"), now=now)
    make.node()

    assert [node.hostname for node in nodes_enrolled_with(row)] == ["m1"]


def test_only_the_newest_nodes_of_a_token_are_listed(now: datetime) -> None:
    token = make.enrollment_token(uses=3, now=now)
    for n in range(3):
        enroll_node(token=token, machine=MachineFacts(f"m{n}", str(n)), now=now + timedelta(seconds=n))
        Node.objects.filter(hostname=f"m{n}").update(created_at=now + timedelta(seconds=n))

    found = nodes_enrolled_with(EnrollmentToken.objects.get(), limit=2)

    assert [node.hostname for node in found] == ["m2", "m1"]


def test_nodes_that_wait_for_a_person_come_in_order_of_urgency() -> None:
    for status in ("offline", "active", "pending", "error", "retired"):
        make.node(status=status)

    assert [node.status for node in needing_attention()] == ["pending", "error", "offline"]
    assert [node.status for node in needing_attention(limit=1)] == ["pending"]


def test_one_pending_node_is_not_lost_behind_a_great_outage() -> None:
    tenant = make.node(status="error").tenant
    Node.objects.bulk_create(Node(tenant=tenant, status="offline", hostname=f"down-{n}") for n in range(90))
    make.node(status="pending")

    assert [node.status for node in needing_attention(limit=3)] == ["pending", "error", "offline"]


def test_capacity_is_summed_over_nodes_in_service() -> None:
    for status, cores, given in (("active", 8, 2), ("active", 4, 0), ("offline", 64, 64)):
        node = make.node(status=status)
        amounts = {"capacity": cores, "allocated_capacity": given, "unit": "cores"}
        NodeResource.objects.create(node=node, resource_type="cpu", **amounts)

    assert capacity() == {"cpu": (12, 2)}
    assert [resource.available_capacity for resource in resources_of(Node.objects.get(status="offline"))] == [0]


def test_history_is_read_newest_first_and_a_span_oldest_first(now: datetime) -> None:
    node = make.node()
    for minutes in (3, 2, 1):
        NodeLifecycleLog.objects.create(
            node=node,
            event_type="DRAINED",
            new_status=str(minutes),
            triggered_by="manual",
            timestamp=now - timedelta(minutes=minutes),
        )

    assert [log.new_status for log in lifecycle(node, limit=2)] == ["1", "2"]
    span = lifecycle_between(node, now - timedelta(minutes=3), now - timedelta(minutes=1))
    assert [log.new_status for log in span] == ["3", "2"]
    assert [log.node.hostname for log in recent_lifecycle(1)] == [node.hostname]


def test_retired_node_keeps_its_history(now: datetime) -> None:
    node = make.node()
    retire_node(node=node, reason="sold", now=now)

    assert [log.event_type for log in lifecycle(node)] == ["RETIRED"]


def test_ingest_is_alive_while_its_pulse_is_fresh(now: datetime) -> None:
    nobody = is_ingest_alive(now)
    make.pulse(now - timedelta(seconds=4.9))

    assert (nobody, is_ingest_alive(now), is_ingest_alive(now + timedelta(seconds=1))) == (False, True, False)
