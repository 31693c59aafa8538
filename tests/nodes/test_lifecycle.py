"""What a person may decide about a node in which state, and what is left behind."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.models import AuditLog
from apps.core.context import RequestContext, acting
from apps.core.errors import Conflict
from apps.nodes.models import Node, NodeLifecycleLog, NodeStatus
from apps.nodes.rules import is_stale, silence_begins, status_after_approval
from apps.nodes.selectors import lifecycle
from apps.nodes.services import approve_node, drain_node, retire_node, return_node
from tests import make

Verb = Callable[[Node, datetime], Node]
VERBS: dict[str, Verb] = {
    "approve": lambda node, now: approve_node(node=node, now=now),
    "drain": lambda node, now: drain_node(node=node, reason="fan", until=now + timedelta(hours=1), now=now),
    "return": lambda node, now: return_node(node=node, now=now),
    "retire": lambda node, now: retire_node(node=node, reason="sold", now=now),
}
ALLOWED = {
    "approve": {"pending"},
    "drain": {"active", "inactive", "error", "offline"},
    "return": {"active", "inactive", "error", "offline", "maintenance"},
    "retire": {"pending", "active", "inactive", "error", "offline", "maintenance"},
}
EVENTS = {"approve": "APPROVED", "drain": "DRAINED", "return": "RETURNED", "retire": "RETIRED"}


@pytest.mark.django_db
@pytest.mark.parametrize("status", NodeStatus.values)
@pytest.mark.parametrize("verb", VERBS)
def test_verb_is_done_in_the_states_that_allow_it_and_in_no_other(verb: str, status: str, now: datetime) -> None:
    node = make.node(status=status, is_draining=verb == "return")
    before = Node.objects.filter(pk=node.pk).values().get()

    if status in ALLOWED[verb]:
        VERBS[verb](node, now)
        (log,) = lifecycle(node)
        assert (log.event_type, log.previous_status, log.triggered_by) == (EVENTS[verb], status, "manual")
        assert log.new_status == Node.objects.get(pk=node.pk).status
        return
    with pytest.raises(Conflict) as refusal, transaction.atomic():
        VERBS[verb](node, now)
    assert (refusal.value.code, refusal.value.field) == ("wrong_status", "status")
    assert Node.objects.filter(pk=node.pk).values().get() == before
    assert not NodeLifecycleLog.objects.filter(node=node).exists()


@pytest.mark.django_db
def test_draining_twice_and_returning_what_does_not_drain_are_refused(now: datetime) -> None:
    node = make.node()
    with pytest.raises(Conflict) as not_draining, transaction.atomic():
        VERBS["return"](node, now)
    VERBS["drain"](node, now)
    with pytest.raises(Conflict) as draining, transaction.atomic():
        VERBS["drain"](node, now)

    assert (not_draining.value.code, draining.value.code) == ("not_draining", "already_draining")


@pytest.mark.django_db
def test_drain_keeps_the_status_and_its_return_leaves_no_trace_of_it(now: datetime) -> None:
    node = make.node(status="offline")
    VERBS["drain"](node, now)
    drained = Node.objects.get(pk=node.pk)
    VERBS["return"](node, now)
    returned = Node.objects.get(pk=node.pk)

    assert (drained.status, drained.is_draining, drained.drain_reason) == ("offline", True, "fan")
    assert drained.drain_until == now + timedelta(hours=1)
    assert (returned.status, returned.is_draining) == ("offline", False)
    assert (returned.drain_reason, returned.drain_until) == ("", None)


@pytest.mark.django_db
def test_retired_node_drains_no_more(now: datetime) -> None:
    node = make.node()
    VERBS["drain"](node, now)
    VERBS["retire"](node, now)
    retired = Node.objects.get(pk=node.pk)

    assert (retired.status, retired.is_draining, retired.drain_reason, retired.drain_until) == (
        "retired",
        False,
        "",
        None,
    )


@pytest.mark.django_db
def test_deed_is_recorded_with_person_reason_and_row_image(now: datetime) -> None:
    node = make.node()
    ada = make.user("ADMIN")
    who = {"user_id": str(ada.pk), "user_email": ada.email, "user_role": "ADMIN", "tenant_ids": "all"}
    with acting(RequestContext(**who, request_id="req-8")):
        VERBS["retire"](node, now)

    event = AuditLog.objects.get(action="NODE_RETIRED")
    image = AuditLog.objects.get(is_row_image=True, resource_type="node", action="NODE_UPDATED")
    (log,) = lifecycle(node)
    assert (event.user_email, event.reason, event.resource_name) == ("ada@example.test", "sold", node.hostname)
    assert (image.request_id, image.reason) == ("req-8", "sold")
    assert image.details == {"before": {"status": "active"}, "after": {"status": "retired"}}
    assert (log.actor_id, log.actor_email, log.reason) == (ada.pk, "ada@example.test", "sold")


@pytest.mark.django_db
def test_stale_form_decides_on_the_node_as_it_is_now(now: datetime) -> None:
    stale = make.node(status="pending")
    VERBS["approve"](Node.objects.get(pk=stale.pk), now)

    with pytest.raises(Conflict):
        VERBS["approve"](stale, now)


@pytest.mark.parametrize(
    ("silent_in", "status"), [(1, "active"), (0, "inactive"), (-1, "inactive"), (None, "inactive")]
)
def test_approved_node_is_active_only_while_it_speaks(silent_in: int | None, status: str, now: datetime) -> None:
    silent_after = None if silent_in is None else now + timedelta(seconds=silent_in)

    assert status_after_approval(silent_after, now) == status
    assert is_stale(silent_after, now) is (silent_in is None or silent_in < 0)


@given(interval=st.integers(5, 300), grace=st.integers(5, 3600))
def test_silence_begins_after_the_grace_but_never_before_three_missed_beats(interval: int, grace: int) -> None:
    contact = datetime(2026, 11, 21).astimezone()
    silence = silence_begins(contact, interval, grace) - contact

    assert silence >= timedelta(seconds=grace)
    assert silence >= timedelta(seconds=3 * interval)
    assert silence in {timedelta(seconds=grace), timedelta(seconds=3 * interval)}
