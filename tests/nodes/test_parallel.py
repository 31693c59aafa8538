"""Many at once at the doors of the inventory: counts hold."""

from datetime import UTC, datetime, timedelta

from apps.accounts.models import Tenant
from apps.accounts.services import default_tenant
from apps.core.errors import Conflict, Unauthenticated
from apps.nodes.models import EnrollmentToken, Node, NodeApiKey
from apps.nodes.services import Enrolment, MachineFacts, enroll_node, issue_key, rotate_key
from tests import make
from tests.roles import in_parallel, serving_as

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def arrivals(token: str, count: int) -> list[object]:
    """Let machines come all at once; returns what each got."""
    machines = [MachineFacts(hostname=f"m{n}", machine_id=str(n), total_cpu_cores=4) for n in range(count)]
    works = [lambda machine=m: enroll_node(token=token, machine=machine, now=NOW) for m in machines]
    return list(in_parallel("omega_portal", works))


def test_twenty_machines_at_once_with_a_token_for_five_let_in_exactly_five(committed: None) -> None:
    with serving_as("omega_portal"):
        token = make.enrollment_token(uses=5, now=NOW, lifetime=timedelta(hours=1))

    outcomes = [type(outcome) for outcome in arrivals(token, 20)]

    assert (outcomes.count(Enrolment), outcomes.count(Unauthenticated)) == (5, 15)
    with serving_as("omega_portal"):
        assert (Node.objects.count(), EnrollmentToken.objects.get().uses_left) == (5, 0)


def test_tenant_with_room_for_three_takes_exactly_three_through_two_tokens(committed: None) -> None:
    with serving_as("omega_portal"):
        Tenant.objects.filter(pk=default_tenant().pk).update(node_limit=3)
        tokens = [make.enrollment_token(uses=9, now=NOW, lifetime=timedelta(hours=1)) for _ in range(2)]
    works = [
        lambda n=n: enroll_node(token=tokens[n % 2], machine=MachineFacts(hostname=f"m{n}", machine_id=str(n)), now=NOW)
        for n in range(10)
    ]

    outcomes = [type(outcome) for outcome in in_parallel("omega_portal", works)]

    assert (outcomes.count(Enrolment), outcomes.count(Conflict)) == (3, 7)


def test_same_machine_ten_times_at_once_is_one_node_with_one_key(committed: None) -> None:
    with serving_as("omega_portal"):
        tokens = [make.enrollment_token(uses=9, now=NOW, lifetime=timedelta(hours=1)) for _ in range(2)]
    machine = MachineFacts(hostname="m1", machine_id="1")
    works = [lambda n=n: enroll_node(token=tokens[n % 2], machine=machine, now=NOW) for n in range(10)]

    outcomes = in_parallel("omega_portal", works)

    assert [outcome for outcome in outcomes if not isinstance(outcome, Enrolment)] == []
    with serving_as("omega_portal"):
        assert (Node.objects.count(), NodeApiKey.objects.filter(revoked_at=None).count()) == (1, 1)


def test_keys_asked_for_ten_times_at_once_are_two(committed: None) -> None:
    with serving_as("omega_portal"):
        node = make.node()

    outcomes = in_parallel("omega_portal", [lambda: issue_key(node=node, label="x", now=NOW)] * 10)

    assert [type(outcome) for outcome in outcomes].count(Conflict) == 8
    with serving_as("omega_portal"):
        assert NodeApiKey.objects.filter(revoked_at=None).count() == 2


def test_rotations_at_once_leave_two_live_keys(committed: None) -> None:
    with serving_as("omega_portal"):
        node = make.node()
        old = make.key(node, NOW).row

    in_parallel("omega_portal", [lambda: rotate_key(node=node, old_key=old, now=NOW)] * 8)

    with serving_as("omega_portal"):
        assert NodeApiKey.objects.filter(revoked_at=None).count() == 2
