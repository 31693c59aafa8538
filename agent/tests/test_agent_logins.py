"""Logins as the agent tells them: when they come, grow and end, and while nobody answers."""

from types import SimpleNamespace
from typing import Any

import psutil
from omega_agent.latest import Latest
from omega_agent.logins import MOST_ENDED, MOST_OPEN, RETELL_SECONDS, LoginReader

AT = 1_795_262_400.0


def user(name: str, started: float = AT - 60, terminal: str | None = "pts/1") -> SimpleNamespace:
    return SimpleNamespace(name=name, terminal=terminal, started=started)


def process(username: str, cpu: float, memory: float = 1.0) -> dict[str, Any]:
    return {"name": "python", "pid": 7, "username": username, "cpu_percent": cpu, "memory_percent": memory}


def test_first_list_is_told_even_when_nobody_is_there_and_then_only_news() -> None:
    people: list[SimpleNamespace] = []
    reader = LoginReader(lambda: people)
    assert reader.read(AT, [], None) == {"at": AT, "is_complete": True, "sessions": []}
    assert reader.read(AT + RETELL_SECONDS * 2, [], None) is None

    people.append(user("uma", terminal=None))
    told = reader.read(AT + 60, [process("uma", 30.0), process("root", 60.0)], None)
    assert told is not None
    [login] = told["sessions"]
    assert (login["username"], login["terminal"], login["login_time"]) == ("uma", "", AT - 60)
    assert (login["peak_cpu_usage"], [one["cpu_percent"] for one in login["active_processes"]]) == (30.0, [30.0])
    assert "logout_time" not in login


def test_peaks_only_grow_are_bounded_and_told_again_in_time() -> None:
    reader = LoginReader(lambda: [user("uma")])
    reader.read(AT, [process("uma", 90.0), process("uma", 90.0)], None)
    assert reader.read(AT + 60, [process("uma", 5.0)], None) is None
    told = reader.read(AT + RETELL_SECONDS, [process("uma", 5.0)], None)
    assert told is not None
    assert told["sessions"][0]["peak_cpu_usage"] == 100.0


def test_end_is_told_with_its_time_until_somebody_answers() -> None:
    people = [user("uma"), user("root")]
    reader, latest = LoginReader(lambda: people), Latest()
    latest.put_logins(reader.read(AT, [], latest.logins()))
    people.pop(0)
    latest.put_logins(reader.read(AT + 60, [], latest.logins()))
    people.pop(0)
    waiting = reader.read(AT + 120, [], latest.logins())
    latest.put_logins(waiting)
    assert waiting is not None
    ends = [(login["username"], login["logout_time"]) for login in waiting["sessions"]]
    assert ends == [("uma", AT + 60), ("root", AT + 120)]

    latest.logins_answered(waiting)
    assert latest.logins() is None
    people.append(user("eve"))
    told = reader.read(AT + 180, [], latest.logins())
    assert told is not None
    assert [login["username"] for login in told["sessions"]] == ["eve"]


def test_crowd_is_cut_and_then_ends_nobody() -> None:
    people = [user(f"u{number}") for number in range(MOST_OPEN + 1)]
    reader = LoginReader(lambda: people)
    told = reader.read(AT, [], None)
    assert told is not None
    assert (len(told["sessions"]), told["is_complete"]) == (MOST_OPEN, False)
    people.clear()
    gone = reader.read(AT + 60, [], None)
    assert gone is not None
    assert (len(gone["sessions"]), gone["is_complete"]) == (MOST_ENDED, True)


def test_logins_of_this_machine_can_be_read() -> None:
    told = LoginReader().read(AT * 2, [], None)
    assert told is not None
    assert len(told["sessions"]) == len({(one.name, one.terminal, one.started) for one in psutil.users()})
