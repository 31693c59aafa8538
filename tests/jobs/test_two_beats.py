"""Two real beats on one database and one broker: each slot is sent once, whichever of them lives."""

import base64
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.utils.dateparse import parse_datetime

from apps.jobs.models import BeatLease
from apps.jobs.services import LEASE_SECONDS
from omega_portal.celery import TIMETABLE
from tests.processes import Portal, Running, wait_for
from tests.roles import serving_as

BROKER = settings.REDIS_URL.rpartition("/")[0] + "/14"
SWEEP = "apps.nodes.tasks.settle_contact"


@pytest.fixture
def broker() -> Iterator["redis.Redis"]:
    """A database of the real server for the messages of this test, with no worker to take them."""
    with redis.Redis.from_url(BROKER) as server:
        server.flushdb()
        yield server
        server.flushdb()


@pytest.fixture
def beats(committed: None, broker: "redis.Redis", tmp_path: Path) -> Iterator[list[Running]]:
    """Two beats that have just been started."""
    place = Portal(tmp_path, BROKER)
    command = [sys.executable, "-m", "celery", "-A", "omega_portal.celery", "beat", "--pidfile", ""]
    running = [place.launch("beat", command) for _ in range(2)]
    yield running
    for beat in running:
        beat.kill()


def sent(broker: "redis.Redis") -> list[tuple[str, str]]:
    """Return (task, slot) of every message that waits, oldest first."""
    messages = [json.loads(raw) for raw in reversed(broker.lrange("celery", 0, -1))]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in messages]
    return [(m["headers"]["task"], body[1]["slot"]) for m, body in zip(messages, bodies, strict=True)]


def holder(beats: list[Running]) -> Running:
    """Return the beat that may send."""
    with serving_as("omega_worker"):
        name = BeatLease.objects.get().holder
    return next(beat for beat in beats if name.endswith(f":{beat.process.pid}"))


def sweeps(broker: "redis.Redis") -> list[str]:
    """Return the slots of the most frequent entry that were sent."""
    return [slot for task, slot in sent(broker) if task == SWEEP]


@pytest.mark.flow
def test_each_slot_is_sent_once_and_the_other_beat_goes_on_when_the_sender_stops(
    beats: list[Running], broker: "redis.Redis"
) -> None:
    wait_for(lambda: len(sweeps(broker)) >= 3, 40)
    holder(beats).stop()
    before_takeover = len(sweeps(broker))
    wait_for(lambda: len(sweeps(broker)) >= before_takeover + 3, 40)

    messages = sent(broker)
    # A beat that is stopped between sending a slot and noting it leaves that one to be sent again; the worker sees it.
    assert len(messages) - len(set(messages)) <= 1
    assert {task for task, _ in messages} == {f"apps.{name.replace('.', '.tasks.')}" for name in TIMETABLE}
    takeover = timedelta(seconds=LEASE_SECONDS + 6)
    slots = [parse_datetime(slot) for slot in sweeps(broker)]
    assert all(later - earlier < takeover for earlier, later in pairwise(slots) if earlier and later)
