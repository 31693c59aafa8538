"""Files are replaced whole, and only one run at a time changes an installation."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from omega_portal.stack.files import only_one, read_json, write_json, write_whole

HOLD = """
import sys, time
from pathlib import Path
from omega_portal.stack.files import only_one
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(0.6)
    Path(sys.argv[1] + ".done").touch()
"""


def test_json_comes_back_and_is_private_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "portal.json"
    write_json(path, {"url": "http://127.0.0.1"}, mode=0o600)

    assert read_json(path) == {"url": "http://127.0.0.1"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_failed_write_keeps_the_old_content_and_leaves_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "old")

    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "broken \udc00")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", ["", "{", "[1]", "null"])
def test_unusable_json_reads_as_empty(tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_text(content)

    assert read_json(tmp_path / "file") == {}


def test_second_run_waits_for_the_first(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with only_one(lock):
            is_first_done = Path(f"{lock}.done").exists()

    assert is_first_done


def test_killed_run_releases_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        first.kill()
    began = time.monotonic()

    with only_one(lock):
        assert time.monotonic() - began < 5
