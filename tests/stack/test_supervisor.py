"""A crashing process is restarted ever more slowly, and logs are followed line by line."""

from pathlib import Path

from omega_portal.stack.follow import Follower
from omega_portal.stack.supervisor import BackOff


def restarts(pauses: BackOff, seconds: range) -> list[int]:
    """The seconds at which a process that is always dead would be restarted."""
    return [second for second in seconds if pauses.is_due(second)]


def test_first_crash_is_restarted_at_once_then_pauses_double() -> None:
    assert restarts(BackOff(), range(100)) == [0, 1, 3, 7, 15, 31, 61, 91]


def test_steady_process_gets_its_quick_restart_back() -> None:
    pauses = BackOff()
    restarts(pauses, range(40))

    assert restarts(pauses, range(200, 204)) == [200, 201, 203]


def test_only_new_whole_lines_are_shown(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("old\n")
    follower = Follower(tmp_path)
    follower.skip()
    with log.open("a") as stream:
        stream.write("new\nhalf")
    assert follower.new_lines() == [("web", "new")]

    with log.open("a") as stream:
        stream.write(" a line\n")
    assert follower.new_lines() == [("web", "half a line")]
    assert follower.new_lines() == []


def test_log_set_aside_is_read_from_its_new_start(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("a long line before\n")
    follower = Follower(tmp_path)
    follower.new_lines()
    log.write_text("anew\n")

    assert follower.new_lines() == [("web", "anew")]
