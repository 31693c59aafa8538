"""What agents tell of logins: open ones, ended ones, told twice, late, and wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core.errors import Invalid
from apps.ingest.decode import LOGINS, decode
from apps.ingest.store.logins import JudgedLogins, judge_logins
from apps.sessions.models import UserSession
from tests.ingest.conftest import Agent, epoch, new_agent

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = 3600.0


def judged(body: str) -> JudgedLogins:
    """Decode and judge a body."""
    return judge_logins(decode(body.encode(), LOGINS), NOW)


def one(**columns: Any) -> UserSession:
    """Return the one stored login."""
    return UserSession.objects.get(**columns)


def tell(agent: Agent, *sessions: dict[str, Any], at: float = 0.0, **more: Any) -> dict[str, Any]:
    """Send a list made some seconds from now; returns the answer."""
    answer = agent.post("login-sessions", {"sessions": list(sessions), "at": epoch(at), **more})
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ('{"username": "", "login_time": 1795260000}', "username"),
        ('{"username": "uma"}', "login_time"),
        ('{"username": "uma", "login_time": "yesterday"}', "login_time"),
        ('{"username": "uma", "login_time": 1795262400, "logout_time": 1795260000}', "logout_time"),
        ('{"username": "uma", "login_time": 17952600000}', "login_time"),
        ('{"username": "uma", "login_time": 0}', "login_time"),
        ('{"username": "uma", "login_time": 1795260000, "peak_cpu_usage": 101}', "peak_cpu_usage"),
        ('{"username": "uma", "login_time": 1795260000, "shell": "sh"}', "shell"),
        ('{"username": "u\\u0000a", "login_time": 1795260000}', "username"),
    ],
)
def test_bad_login_costs_itself_only_and_says_where(fault: str, field: str) -> None:
    good = '{"username": "root", "login_time": 1795260000}'
    result = judged(f'{{"sessions": [{good}, {fault}], "is_complete": true}}')

    assert [row["username"] for row in result.rows] == ["root"]
    assert [(bad.index, bad.field) for bad in result.rejected] == [(1, field)]
    assert not result.body.is_complete, "a login that was not understood must not be taken for an ended one"


def test_list_without_a_moment_that_is_taken_is_refused_whole() -> None:
    with pytest.raises(Invalid) as refusal:
        judged('{"sessions": [], "at": 5}')
    assert refusal.value.field == "at"


def test_login_named_twice_counts_once_and_the_last_word_counts() -> None:
    login = '{"username": "uma", "login_time": 1795260000'
    result = judged(f'{{"sessions": [{login}}}, {login}, "peak_cpu_usage": 7}}]}}')
    assert [row["peak_cpu_usage"] for row in result.rows] == [7]


def test_login_is_kept_grows_and_ends(agent: Agent) -> None:
    uma = {"username": "uma", "terminal": "tty1", "login_time": epoch(-HOUR)}
    busy = [{"name": "python", "pid": 7, "cpu_percent": 80.0}]
    first = tell(agent, {**uma, "peak_cpu_usage": 80.0, "active_processes": busy}, at=-30)
    again = tell(agent, {**uma, "peak_cpu_usage": 5.0, "peak_ram_usage": 12.0}, at=-20)
    assert [(answer["accepted"], answer["duplicate"]) for answer in (first, again)] == [(1, 0), (0, 1)]
    login = one()
    assert (login.is_active, login.peak_cpu_usage, login.peak_ram_usage) == (True, 80.0, 12.0)
    assert login.active_processes == busy

    tell(agent, {**uma, "logout_time": epoch(-10)}, at=-5)
    login = one()
    assert not login.is_active
    assert login.session_duration_minutes == pytest.approx(60, abs=0.5)


def test_complete_list_ends_what_it_does_not_name_on_this_machine_alone(agent: Agent, door: Any) -> None:
    other = new_agent(door.ingest_url)
    for machine in (agent, other):
        tell(machine, {"username": "uma", "login_time": epoch(-HOUR)}, at=-60)
    content = tell(agent, {"username": "root", "login_time": epoch(-30)}, at=-20, is_complete=True)

    assert (content["accepted"], content["ended"]) == (1, 1)
    assert not one(node=agent.node, username="uma").is_active
    assert one(node=other.node).is_active


def test_late_list_ends_and_opens_nothing(agent: Agent) -> None:
    uma, root = ({"username": name, "login_time": epoch(-HOUR)} for name in ("uma", "root"))
    tell(agent, uma, at=-20, is_complete=True)
    tell(agent, {**root, "logout_time": epoch(-600)}, at=-20)
    tell(agent, root, at=-900, is_complete=True)

    assert one(username="uma").is_active
    ended = one(username="root")
    assert not ended.is_active
    assert ended.logout_time is not None
    assert datetime.now(UTC) - ended.logout_time < timedelta(minutes=11)


def test_same_list_twice_changes_nothing(agent: Agent) -> None:
    at = epoch(-20)
    body = {
        "sessions": [{"username": "uma", "login_time": at - HOUR, "logout_time": at}],
        "at": at,
        "is_complete": True,
    }
    agent.post("login-sessions", body)
    before = UserSession.objects.values().get()
    assert agent.post("login-sessions", body).json()["duplicate"] == 1
    assert UserSession.objects.values().get() == before


def test_nobody_tells_for_another_machine(agent: Agent, door: Any) -> None:
    other = new_agent(door.ingest_url)
    body = {"sessions": [{"username": "uma", "login_time": epoch()}], "node_id": str(other.node.pk)}
    assert agent.post("login-sessions", body).status_code == 403
    assert not UserSession.objects.exists()
