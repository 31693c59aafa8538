"""Samples that arrive while their hour is being rolled up are never left out of it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.db import connections, transaction

from apps.metrics.models import UsageHourly, UsageRollupQueue
from apps.metrics.services import roll_up
from apps.nodes.models import Node
from tests import make
from tests.metrics.conftest import roll_up_all, store_samples
from tests.roles import in_parallel, serving_as

pytestmark = pytest.mark.data_layer
START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.fixture
def node(committed: None, kept_by_job: None) -> Iterator[Node]:
    """A node that all connections see, with one sample that waits to be rolled up."""
    with serving_as("omega_portal"):
        made = make.node()
    with serving_as("omega_worker"):
        store_samples(made, {START: {"cpu_percent": 1.0}})
        yield made


def arrive(node: Node, *seconds: int) -> None:
    """Let samples come in through the ingest door's own connection, in one transaction."""
    with serving_as("data_collector"), transaction.atomic():
        store_samples(node, {START + timedelta(seconds=second): {"cpu_percent": 2.0} for second in seconds})


def counted(node: Node) -> list[int]:
    """Return how many samples the roll-up of the hour says it is of."""
    return list(UsageHourly.objects.filter(node=node).values_list("sample_count", flat=True))


def test_sample_that_arrives_in_the_middle_waits_and_queues_its_hour_again(node: Node) -> None:
    with ThreadPoolExecutor(1) as door, transaction.atomic():
        took = roll_up()
        arriving = door.submit(arrive, node, 5)
        is_waiting = not finished_within(arriving, 0.4)
        transaction.on_commit(lambda: arriving.result(10) and None)
    first = counted(node)
    roll_up_all()

    assert (took, is_waiting, first, counted(node)) == (1, True, [1], [2])


def test_hour_whose_samples_are_still_being_written_is_left_for_later(node: Node) -> None:
    written, may_commit = Event(), Event()

    def slow_door() -> None:
        with serving_as("data_collector"), transaction.atomic():
            store_samples(node, {START + timedelta(seconds=5): {"cpu_percent": 2.0}})
            written.set()
            may_commit.wait(10)

    with ThreadPoolExecutor(1) as door:
        arriving = door.submit(slow_door)
        written.wait(10)
        meanwhile = roll_up()
        may_commit.set()
        arriving.result(10)
    roll_up_all()

    assert (meanwhile, counted(node)) == (0, [2])


def test_worker_that_dies_in_the_middle_loses_no_hour(node: Node) -> None:
    with transaction.atomic():
        roll_up()
        transaction.set_rollback(True)

    lost = counted(node), UsageRollupQueue.objects.count()
    roll_up_all()
    assert (lost, counted(node)) == (([], 1), [1])


def test_doors_and_workers_all_at_once_lose_nothing_and_never_lock_each_other_out(node: Node) -> None:
    doors = [lambda first=first: many(node, first) for first in (1, 1001, 2001)]

    outcomes = in_parallel("omega_worker", [*doors, sweep, sweep])
    roll_up_all()

    assert [outcome for outcome in outcomes if isinstance(outcome, BaseException)] == []
    assert counted(node) == [1 + 3 * 20]


def many(node: Node, first: int) -> None:
    """Let twenty samples come, one transaction each."""
    for n in range(20):
        with transaction.atomic():
            store_samples(node, {START + timedelta(seconds=first + n): {"cpu_percent": 2.0}})


def sweep() -> None:
    """Roll up again and again, as several workers would."""
    for _ in range(30):
        roll_up()
    connections.close_all()


def finished_within(future: "Future[None]", seconds: float) -> bool:
    """Tell whether something was done in time."""
    try:
        future.result(seconds)
    except TimeoutError:
        return False
    return True
