"""What senders sent is counted beside the answers, added to the database now and then, and never in anybody's way."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest
from asgiref.sync import sync_to_async

from apps.core.keys import AGENT_KEY, ParsedKey, new_key
from apps.ingest.database import Database
from apps.ingest.faults import Rejection
from apps.ingest.keys import Caller
from apps.ingest.samples import Samples, SeriesKey, SeriesKind, Write, Written
from apps.ingest.shapes import Spool
from apps.ingest.trust import MOST_KEPT, Trust
from apps.metrics.models import IngestTrust
from tests import database, make
from tests.ingest.conftest import Agent, epoch
from tests.processes import wait_for

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def collector() -> Database:
    """Return the door's own way to this run's database, with the door's rights and no more."""
    return Database(f"{database.url()}?options=-crole%3Ddata_collector", 1)


@pytest.fixture
async def table(committed: None) -> AsyncIterator[Database]:
    """Return it open."""
    opened = collector()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def node_id(committed: None) -> UUID:
    """Return a node that is there."""
    return (await sync_to_async(make.node)()).pk


def a_write(at: datetime = NOW, **options: object) -> Write:
    """Return a request with two samples, the older of them ninety seconds old."""
    at_seconds = np.array([at.timestamp() - 90, at.timestamp() - 5])
    keys = [SeriesKey("queue_length", "{}")]
    kinds, of = [SeriesKind.UNKNOWN], np.zeros(2, np.int32)
    samples = Samples(keys, [""], kinds, of, at_seconds, np.ones(2))
    made = new_key(AGENT_KEY)
    key = ParsedKey(made.key_id, made.digest)
    return Write(Caller(key, None), at, batch_id=uuid4(), samples=samples, **options)  # type: ignore[arg-type]


def became(node_id: UUID, *codes: str, accepted: int = 2, duplicate: int = 0) -> Written:
    """Return what became of a request."""
    rejected = [Rejection(place, code, "because") for place, code in enumerate(codes)]
    return Written(node_id, accepted, duplicate, rejected, NOW)


async def row_of(node_id: UUID, day: datetime = NOW) -> IngestTrust:
    """Return what the table says of a node's day."""
    return await IngestTrust.objects.aget(node_id=node_id, day=day.date())


async def test_counts_of_two_processes_and_of_several_times_add_up(table: Database, node_id: UUID) -> None:
    first, second = Trust(table), Trust(table)
    first.note("agent", a_write(agent_version="1.2.0"), became(node_id, "in_future", "in_future", "too_old"))
    first.note("prometheus", a_write(tolerated={"not_finite": 3}), became(node_id, accepted=7, duplicate=4))
    await first.flush()
    second.note("agent", a_write(), became(node_id, "in_future"))
    second.repeated(node_id, NOW)
    second.refused(node_id, "too_many_items", NOW)
    await second.flush()

    row = await row_of(node_id)
    assert (row.accepted, row.duplicate, row.rejected, row.batches, row.repeated) == (11, 4, 4, 3, 1)
    assert row.rejected_codes == {"in_future": 3, "too_old": 1}
    assert row.refused_codes == {"too_many_items": 1}
    assert row.tolerated == {"not_finite": 3}
    assert row.protocols == {"agent": 2, "prometheus": 1}
    assert (row.late_seconds_max, row.agent_version) == (90.0, "1.2.0")


async def test_a_heartbeat_tells_of_clock_and_spool_and_the_last_word_on_the_spool_holds(
    table: Database, node_id: UUID
) -> None:
    trust = Trust(table)
    oldest = (NOW - timedelta(hours=2)).isoformat()
    trust.beat(node_id, skew=-4.5, spool=Spool(500, oldest, 7, 1), version="1.2.0", now=NOW)
    trust.beat(node_id, skew=61.0, spool=Spool(20), version="1.2.0", now=NOW)
    await trust.flush()
    trust.beat(node_id, skew=None, spool=None, version=None, now=NOW)
    await trust.flush()

    row = await row_of(node_id)
    assert (row.heartbeats, row.skew_min, row.skew_max) == (3, -4.5, 61.0)
    assert (row.spool_waiting, row.spool_oldest_at, row.spool_dropped) == (20, None, 0)


@pytest.mark.parametrize("oldest", ["yesterday", 1e300, -5.0, "0001-01-01T00:00:00+00:00"])
async def test_a_time_of_the_spool_that_is_none_is_left_out(
    table: Database, node_id: UUID, oldest: str | float
) -> None:
    trust = Trust(table)
    trust.beat(node_id, skew=None, spool=Spool(1, oldest), version=None, now=NOW)
    await trust.flush()

    assert (await row_of(node_id)).spool_oldest_at is None


async def test_each_day_is_counted_by_itself(table: Database, node_id: UUID) -> None:
    trust = Trust(table)
    for at in (NOW, NOW + timedelta(days=1)):
        trust.note("agent", a_write(at), became(node_id))
    await trust.flush()

    assert (await row_of(node_id)).accepted == (await row_of(node_id, NOW + timedelta(days=1))).accepted == 2


async def test_without_the_database_counts_wait_and_are_written_when_it_is_back(node_id: UUID) -> None:
    away = collector()
    trust = Trust(away)
    trust.note("agent", a_write(), became(node_id))
    was_taken = await trust.flush()
    trust.note("agent", a_write(), became(node_id))
    await away.open()
    is_taken = await trust.flush()
    await away.close()

    assert (was_taken, is_taken, len(trust)) == (False, True, 0)
    assert (await row_of(node_id)).accepted == 4


async def test_what_waits_is_bounded() -> None:
    trust = Trust(collector())
    for _ in range(MOST_KEPT + 10):
        trust.refused(uuid4(), "busy", NOW)
    was_taken = await trust.flush()

    assert not was_taken
    assert len(trust) == MOST_KEPT


async def test_a_node_that_went_costs_itself_only(table: Database, node_id: UUID) -> None:
    trust, gone = Trust(table), uuid4()
    for one in (gone, node_id):
        trust.note("agent", a_write(), became(one))

    assert await trust.flush()
    assert [row.node_id async for row in IngestTrust.objects.all()] == [node_id]


async def test_what_is_left_is_written_at_the_end(table: Database, node_id: UUID) -> None:
    trust = Trust(table)
    trust.start()
    trust.note("agent", a_write(), became(node_id))
    await trust.stop()

    assert (await row_of(node_id)).accepted == 2


def test_refused_logins_are_counted_like_anything_refused(agent: Agent) -> None:
    body = {"sessions": [], "node_id": str(uuid4())}
    assert agent.post("login-sessions", body).status_code == 403
    assert agent.post("processes", {"processes": [], "node_id": str(uuid4())}).status_code == 403

    wait_for(lambda: IngestTrust.objects.filter(node=agent.node).exists())
    assert IngestTrust.objects.get(node=agent.node).refused_codes == {"wrong_node": 2}


def test_what_an_agent_sends_is_counted_by_the_running_door(agent: Agent) -> None:
    beat = {"status": "ok", "at": epoch(90), "agent_version": "1.2.0", "spool": {"waiting": 12, "dropped": 3}}
    assert agent.post("heartbeat", beat).status_code == 200
    assert agent.send({"type": "x", "value": 1}, {"type": "x", "value": 1, "at": epoch(3600)}).status_code == 200

    wait_for(lambda: IngestTrust.objects.filter(node=agent.node, rejected=1).exists())
    row = IngestTrust.objects.get(node=agent.node)
    assert (row.heartbeats, row.spool_waiting, row.spool_dropped, row.agent_version) == (1, 12, 3, "1.2.0")
    assert (row.accepted, row.rejected_codes, row.skew_max) == (1, {"in_future": 1}, pytest.approx(90, abs=5))
