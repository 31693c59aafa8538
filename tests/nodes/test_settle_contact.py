"""Silence and return, as the worker settles them."""

from datetime import datetime, timedelta

import pytest

from apps.nodes.models import Node, NodeLifecycleLog
from apps.nodes.services import settle_contact
from tests import make
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]


def settle(now: datetime) -> list[tuple[str, str]]:
    with acting_as("omega_worker"):
        return [(change.event_type, change.new_status) for change in settle_contact(now=now)]


def test_silent_node_goes_offline_once(now: datetime) -> None:
    make.pulse(now)
    node = make.node(last_heartbeat=now - timedelta(seconds=40), silent_after=now - timedelta(seconds=10))

    first, second = settle(now), settle(now + timedelta(milliseconds=1))

    assert (first, second) == ([("WENT_OFFLINE", "offline")], [])
    log = NodeLifecycleLog.objects.get(node=node)
    assert (log.previous_status, log.triggered_by) == ("active", "system")


def test_heard_node_comes_back_and_says_so(now: datetime) -> None:
    make.pulse(now)
    node = make.node(status="offline", silent_after=now + timedelta(seconds=30))

    assert settle(now) == [("CAME_ONLINE", "active")]
    assert Node.objects.get(pk=node.pk).status == "active"


def test_nobody_is_silent_while_nobody_listens(now: datetime) -> None:
    make.node(last_heartbeat=now - timedelta(minutes=5), silent_after=now - timedelta(minutes=4))

    assert settle(now) == []


def test_after_an_outage_everybody_gets_their_grace_again(now: datetime) -> None:
    make.node(last_heartbeat=now - timedelta(minutes=5), silent_after=now - timedelta(minutes=4, seconds=30))
    pulse = make.pulse(now, since=now - timedelta(seconds=10))

    before = settle(now)
    with acting_as("data_collector"):
        pulse.pulse_at = now + timedelta(seconds=25)
        pulse.save()
    after = settle(now + timedelta(seconds=25))

    assert (before, after) == ([], [("WENT_OFFLINE", "offline")])


@pytest.mark.parametrize("status", ["pending", "maintenance", "retired", "inactive"])
def test_nodes_out_of_service_are_left_alone(status: str, now: datetime) -> None:
    make.pulse(now)
    make.node(status=status, last_heartbeat=now - timedelta(hours=1), silent_after=now - timedelta(hours=1))

    assert settle(now) == []


def test_error_told_by_the_machine_is_shown_and_recovered_from(now: datetime) -> None:
    make.pulse(now)
    node = make.node(reported_status="error", reported_error="fan stopped")

    failed = settle(now)
    Node.objects.filter(pk=node.pk).update(reported_status="ok")
    recovered = settle(now)

    assert (failed, recovered) == ([("REPORTED_ERROR", "error")], [("RECOVERED", "active")])
    assert NodeLifecycleLog.objects.filter(node=node, reason="fan stopped").exists()
