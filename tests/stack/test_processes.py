"""Processes are known by pid and birth; nobody else's process is ever touched."""

import dataclasses
import os
import signal
import subprocess
import sys

import pytest

from omega_portal.stack.files import write_json
from omega_portal.stack.places import Place
from omega_portal.stack.processes import Launch, birth, find, is_alive, remember, start, stop, wait_until

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);print('deaf', flush=True); time.sleep(60)",
)


def test_started_process_is_found_and_stops(place: Place) -> None:
    record = start(place, Launch("sleeper", SLEEP, port=1234))

    assert find(place, "sleeper") == record
    assert os.getsid(record.pid) == record.pid != os.getsid(0)
    stop(place, record)
    assert birth(record.pid) is None
    assert find(place, "sleeper") is None


def test_output_goes_to_the_log(place: Place) -> None:
    record = start(place, Launch("speaker", (sys.executable, "-c", "print('a word')")))

    assert wait_until(lambda: not is_alive(record), 10)
    assert (place.log / "speaker.log").read_text() == "a word\n"


def test_record_of_a_process_killed_from_outside_is_removed(place: Place) -> None:
    record = start(place, Launch("sleeper", SLEEP))
    os.kill(record.pid, signal.SIGKILL)

    assert wait_until(lambda: find(place, "sleeper") is None, 5)
    assert not (place.run / "sleeper.json").exists()


def test_stale_record_with_a_reused_pid_never_harms_the_stranger(place: Place) -> None:
    with subprocess.Popen(SLEEP) as stranger:
        stale = dataclasses.replace(remember(place, Launch("sleeper", SLEEP), stranger.pid), born="another:1")
        write_json(place.run / "sleeper.json", dataclasses.asdict(stale))

        assert find(place, "sleeper") is None
        stop(place, stale)
        assert stranger.poll() is None
        stranger.kill()


def test_record_cut_short_counts_as_none(place: Place) -> None:
    (place.run / "sleeper.json").write_text('{"name": "sleeper", "pid": 1')

    assert find(place, "sleeper") is None


def test_process_deaf_to_termination_is_killed(place: Place) -> None:
    record = start(place, Launch("deaf", DEAF))
    assert wait_until(lambda: "deaf" in (place.log / "deaf.log").read_text(), 10)

    stop(place, record, patience_seconds=0.2)
    assert not is_alive(record)


def test_process_already_gone_cannot_be_remembered(place: Place) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()

    with pytest.raises(ProcessLookupError):
        remember(place, Launch("gone", ()), gone.pid)


def test_large_log_is_set_aside_at_start(place: Place) -> None:
    log = place.log / "speaker.log"
    log.write_bytes(b"x" * 10_000_001)
    record = start(place, Launch("speaker", ("true",)))

    assert wait_until(lambda: not is_alive(record), 5)
    assert (place.log / "speaker.log.1").stat().st_size == 10_000_001
    assert log.stat().st_size < 100
