"""A correction and a door that stores at the same time wait in a line, also at a node that has no newest vitals yet."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import psycopg
import pytest

from apps.metrics.models import NodeLatest, SampleCorrection, UsageRollupQueue
from apps.metrics.services.correction import request_correction
from apps.nodes.models import Node
from tests import database, make
from tests.metrics.correcting import HOUR, noon_before, vitals, whole, work, wrong_node
from tests.processes import wait_for
from tests.roles import serving_as

pytestmark = pytest.mark.data_layer
LATEST = "INSERT INTO node_latest (node_id, at, received_at, cpu_percent) VALUES (%s, %s, %s, 5) ON CONFLICT DO NOTHING"
MARK = (
    "INSERT INTO usage_rollup_queue (node_id, bucket, touched_at) VALUES (%s, %s, now())"
    " ON CONFLICT (node_id, bucket) DO UPDATE SET touched_at = excluded.touched_at, rolled_at = NULL"
)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"


@pytest.fixture
def noon(now: datetime) -> datetime:
    """Yesterday, 12:00 UTC."""
    return noon_before(now)


@pytest.fixture
def node(committed: None, noon: datetime) -> Iterator[Node]:
    """A node with samples and no newest vitals, as after a correction that took the newest ones."""
    node = wrong_node(noon)
    with serving_as("omega_worker"):
        NodeLatest.objects.filter(node=node).delete()
        yield node


def test_correction_and_door_wait_in_a_line(node: Node, noon: datetime, now: datetime) -> None:
    row = asked(node, noon, now)
    with ThreadPoolExecutor(1) as other, psycopg.connect(database.url()) as door:
        watch = psycopg.connect(database.url(), autocommit=True)
        # A door makes the newest vitals first and marks their hour after that.
        door.execute(LATEST, [node.pk, noon + HOUR, now])
        correcting = other.submit(corrects, now)
        wait_for(lambda: watch.execute(WAITING, [door.info.backend_pid]).fetchone() == (1,), 60)
        door.execute(MARK, [node.pk, noon])
        door.commit()
        correcting.result(60)
        watch.close()

    row.refresh_from_db()
    assert (row.state, row.rows_affected) == ("applied", 60), "at once, and not with the next run"
    assert UsageRollupQueue.objects.filter(node_id=node.pk, bucket=noon).exists()


@pytest.mark.parametrize("hours", [1, 3])
def test_place_that_was_held_shows_the_newest_that_is_left_or_is_gone(
    node: Node, noon: datetime, now: datetime, hours: int
) -> None:
    row = asked(node, noon - HOUR, now, hours)

    corrects(now)

    row.refresh_from_db()
    assert (row.state, row.rows_affected) == ("applied", hours * 60)
    left = vitals(node)
    latest = NodeLatest.objects.filter(node=node).values_list("at", "cpu_percent").first()
    assert latest == ((noon + 2 * HOUR - HOUR / 60, pytest.approx(10.1)) if left else None)
    assert len(left) == (3 - hours) * 60


def asked(node: Node, starts: datetime, now: datetime, hours: int = 1) -> SampleCorrection:
    """Return a correction that waits for a worker."""
    with serving_as("omega_portal"):
        wish = whole(node, starts, starts + hours * HOUR)
        return request_correction(actor=make.user("ADMIN"), subject=wish, reason="sensor was broken", now=now)


def corrects(now: datetime) -> None:
    """Let a worker do what waits."""
    with serving_as("omega_worker"):
        work(now)
