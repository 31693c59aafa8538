"""The spool keeps its promises: nothing lost but by the bounds, oldest first, frozen batches, kill -9."""

import json
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_support import read_ledger
from hypothesis import given, settings
from hypothesis import strategies as st
from omega_agent.collector import Collector, Health
from omega_agent.config import Intervals, SpoolLimits
from omega_agent.latest import Latest
from omega_agent.spool import Batch, Item, Spool, open_spool

NOW = 1_800_000_000.0
ROOMY = SpoolLimits()


def item(number: int, at: float | None = None, padding: int = 0) -> Item:
    moment = NOW + number if at is None else at
    return Item(moment, "usage", {"at": moment, "number": number, "padding": "x" * padding})


def numbers(batch: Batch | None) -> list[int]:
    return [] if batch is None else [usage["number"] for usage in json.loads(batch.body)["usage"]]


def drain(spool: Spool, size: int = 7) -> list[int]:
    drained: list[int] = []
    while (batch := spool.next_batch(size)) is not None:
        drained += numbers(batch)
        spool.finish(batch)
    return drained


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    opened = Spool(path, ROOMY)
    yield opened
    opened.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 9)),
        st.tuples(st.just("acknowledge_newest"), st.just(0)),
        st.tuples(st.just("freeze"), st.integers(1, 6)),
        st.tuples(st.just("deliver"), st.integers(1, 6)),
        st.tuples(st.just("split"), st.integers(1, 6)),
        st.tuples(st.just("reopen"), st.just(0)),
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(steps=STEPS)
def test_any_history_loses_nothing_and_drains_oldest_first(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "spool.db"
        spool, expected, ids = Spool(file, ROOMY), list[int](), list[int]()
        made, frozen_through = 0, -1
        known: Batch | None = None
        for step, count in steps:
            batch = spool.next_batch(count) if step in ("freeze", "deliver", "split") else None
            frozen_through = max([frozen_through, *numbers(batch)])
            assert known is None or batch in (known, None), "a frozen batch never changes"
            if step == "add":
                ids = spool.add([item(made + offset) for offset in range(count)], NOW)
                expected += range(made, made + count)
                made += count
            elif step == "acknowledge_newest" and expected and expected[-1] == made - 1 > frozen_through:
                spool.remove(ids[-1:])
                expected.pop()
                made += 1
            elif step == "reopen":
                spool.close()
                spool = Spool(file, ROOMY)
            elif batch is not None and step == "freeze":
                known = batch
            elif batch is not None and step == "deliver":
                assert numbers(batch) == expected[: batch.items]
                spool.finish(batch)
                expected, known = expected[batch.items :], None
            elif batch is not None and step == "split":
                assert spool.split(batch) == (batch.items > 1)
                known = None
        assert spool.backlog() == len(expected)
        assert drain(spool) == expected
        assert spool.dropped() == 0
        spool.close()


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(1, 12), min_size=20, max_size=60))
def test_size_bound_drops_the_oldest_and_counts_exactly(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "spool.db"
        spool, made = Spool(file, SpoolLimits(max_megabytes=0.25)), 0
        for size in sizes:
            spool.add([item(made + offset, padding=2000) for offset in range(size)], NOW)
            made += size
        kept = drain(spool)
        assert kept == list(range(made - len(kept), made))
        assert spool.dropped() == made - len(kept)
        assert file.stat().st_size < 400_000
        spool.close()


def test_age_bound_drops_items_and_batches_that_the_server_would_refuse(spool: Spool) -> None:
    day = 86400.0
    spool.add([item(1), item(2)], NOW)
    assert numbers(spool.next_batch(2)) == [1, 2]
    spool.add([item(3), item(4, at=NOW + 3 * day)], NOW + 3 * day)
    spool.add([item(5, at=NOW + 8 * day)], NOW + 8 * day)
    assert drain(spool) == [4, 5]
    assert spool.dropped() == 3


def test_frozen_batch_keeps_id_and_bytes_through_a_restart(path: Path) -> None:
    spool = Spool(path, ROOMY)
    spool.add([item(1), item(2)], NOW)
    before = spool.next_batch(10)
    spool.add([item(3)], NOW)
    spool.close()
    spool = Spool(path, ROOMY)
    assert spool.next_batch(10) == before
    assert drain(spool) == [1, 2, 3]
    spool.close()


def test_split_gives_halves_new_ids_before_anything_newer(spool: Spool) -> None:
    spool.add([item(number) for number in range(5)], NOW)
    batch = spool.next_batch(5)
    assert batch is not None and spool.split(batch)
    spool.add([item(5)], NOW)
    first = spool.next_batch(5)
    assert first is not None and first.batch_id != batch.batch_id and numbers(first) == [0, 1]
    assert drain(spool) == [0, 1, 2, 3, 4, 5]


def test_quarantine_keeps_the_newest_within_its_bounds(spool: Spool, path: Path) -> None:
    for number in range(110):
        spool.add([item(number)], NOW)
        batch = spool.next_batch(1)
        assert batch is not None
        spool.quarantine(batch, 422, "poison", "why", NOW)
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT body FROM quarantine ORDER BY id").fetchall()
    assert [json.loads(body)["usage"][0]["number"] for (body,) in rows] == list(range(10, 110))
    assert spool.backlog() == 0


WRITER = """
import sys
from pathlib import Path
from omega_agent.config import SpoolLimits
from omega_agent.spool import Item, Spool
spool = Spool(Path(sys.argv[1]), SpoolLimits())
for number in range(100000):
    spool.add([Item(1.8e9 + number, "usage", {"at": 1.8e9 + number, "number": number})], 1.8e9)
    print(number, flush=True)
"""


def test_every_stored_item_survives_kill_9(path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for line in writer.stdout:
        if int(line) >= 50:
            break
    writer.send_signal(signal.SIGKILL)
    acknowledged = [int(line) for line in writer.stdout.read().split()]
    writer.wait()
    spool = Spool(path, ROOMY)
    drained = drain(spool, 100)
    spool.close()
    newest = max([50, *acknowledged])
    assert drained == list(range(len(drained)))
    assert len(drained) in (newest + 1, newest + 2), "all that were acknowledged, and at most the one in flight"


def test_broken_file_is_set_aside(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)
    spool = open_spool(path, ROOMY)
    spool.add([item(1)], NOW)
    assert drain(spool) == [1]
    spool.close()
    assert len(list(path.parent.glob("spool.broken-*"))) == 1


def test_unusable_disk_leaves_a_spool_in_memory(tmp_path: Path) -> None:
    (tmp_path / "spool.db").mkdir()
    spool = open_spool(tmp_path / "spool.db", ROOMY)
    spool.add([item(1)], NOW)
    assert drain(spool) == [1]
    spool.close()


def test_full_disk_costs_only_what_no_heartbeat_delivered(path: Path) -> None:
    spool, latest, health = Spool(path, ROOMY), Latest(), Health()
    collector = Collector(Intervals(), spool, latest, health)
    collector.collect()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # what the kernel answers is a failed write
    try:
        collector.collect()
        tick = latest.tick()
        assert tick is not None and tick.ids is None and health.disk_error.startswith("spool: ")
        latest.answered(tick, accepted=True)
        collector.collect()
        collector.collect()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    collector.collect()
    collector.collect()
    assert health.disk_error == ""
    assert spool.dropped() == 2, "the delivered one is not lost, the two that were overtaken are"
    spool.close()
    assert read_ledger(path).waiting == 1 + 4 + 2 - 1


def test_standing_tells_what_waits_since_when_and_what_was_lost_or_set_aside(spool: Spool) -> None:
    assert spool.standing(2**62) == {"waiting": 0, "dropped": 0, "quarantined": 0}

    spool.add([item(number) for number in range(6)], NOW)
    refused = spool.next_batch(2)
    assert refused is not None
    spool.quarantine(refused, 422, "unstorable", "no", NOW)
    frozen = spool.next_batch(3)
    carried = spool.add([item(10)], NOW)
    spool.count_dropped(4)

    assert frozen is not None
    assert spool.standing(carried[0]) == {"waiting": 4, "dropped": 4, "quarantined": 1, "oldest_at": NOW + 4}
    assert spool.standing(2**62)["waiting"] == 5
