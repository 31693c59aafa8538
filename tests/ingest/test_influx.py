"""Telegraf's writes, over both versions of InfluxDB's call, into a real ingest process.

Telegraf itself is in no package archive here: the bodies are written as its serializer writes them.
"""

import base64
import gzip
from typing import Any

import httpx
import pytest

from apps.metrics.models import MetricSeries
from tests.database import acting_as
from tests.ingest.conftest import Agent, epoch
from tests.ingest.stored import samples_of

pytestmark = [pytest.mark.flow, pytest.mark.data_layer]
SECOND = "influx/api/v2/write?bucket=fleet&org=ops&precision=ns"
FIRST = "influx/write?db=telegraf&rp=&consistency=any"


def telegraf(at: float | None = None) -> bytes:
    """Return one flush of Telegraf's usual plugins."""
    ns = int((epoch() if at is None else at) * 1e9)
    lines = [
        f"cpu,cpu=cpu0,host=web-1 usage_user=2.5,usage_system=1.25,usage_idle=96.25,usage_iowait=0 {ns}",
        f"cpu,cpu=cpu-total,host=web-1 usage_user=2.5,usage_system=1.25,usage_idle=96.25,usage_iowait=0 {ns}",
        f"mem,host=web-1 total=8000000000i,available=6000000000i,used_percent=21.5 {ns}",
        f"disk,device=sda1,fstype=ext4,host=web-1,mode=rw,path=/ total=100i,used=40i,used_percent=40 {ns}",
        f"system,host=web-1 load1=0.5,load5=0.4,n_cpus=4i,uptime=86400i {ns}",
        f'system,host=web-1 uptime_format="1 day,  0:00" {ns}',
        f"net,host=web-1,interface=eth0 bytes_recv=123456789i,bytes_sent=987654321i {ns}",
        f"processes,host=web-1 total=230i,running=2i {ns}",
    ]
    return "\n".join([*lines, ""]).encode()


def write(agent: Agent, call: str, body: bytes, authorization: str | None = None, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{agent.url}/api/v1/agent/{call}",
        content=body,
        headers={"Authorization": authorization or f"Token {agent.key}", "User-Agent": "Telegraf/1.30", **headers},
        timeout=30,
    )


def test_flush_of_version_two_packed_as_telegraf_packs_it(agent: Agent) -> None:
    answer = write(agent, SECOND, gzip.compress(telegraf()), **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.content) == (204, b"")
    found = samples_of(agent.node)
    assert len(found) == 22
    assert ("cpu_usage_idle", {"cpu": "cpu-total", "host": "web-1"}, 96.25) in found
    assert ("mem_total", {"host": "web-1"}, 8e9) in found


def test_flush_of_version_one_with_the_key_as_password(agent: Agent) -> None:
    basic = base64.b64encode(f"telegraf:{agent.key}".encode()).decode()
    assert write(agent, FIRST, telegraf(), f"Basic {basic}").status_code == 204
    assert len(samples_of(agent.node)) == 22


def test_same_flush_again_is_stored_once(agent: Agent) -> None:
    body = telegraf()
    assert [write(agent, SECOND, body).status_code for _ in range(3)] == [204] * 3
    assert len(samples_of(agent.node)) == 22


def test_lines_without_time_are_other_data_each_time(agent: Agent) -> None:
    for _ in range(2):
        assert write(agent, SECOND, b"door open=1\n").status_code == 204
    assert len(samples_of(agent.node)) == 2


def test_bad_lines_are_named_and_the_good_ones_stored(agent: Agent) -> None:
    answer = write(agent, SECOND, b"nonsense\n" + telegraf() + b"old v=1 1000000000\n")
    told: dict[str, Any] = answer.json()
    assert (answer.status_code, told["code"], told["line"]) == (400, "invalid", 1)
    assert "1 x invalid_line" in told["message"] and "1 x too_old" in told["message"]
    assert len(samples_of(agent.node)) == 22
    first = write(agent, FIRST, b"nonsense\n").json()
    assert first["error"] == first["message"]


def test_clients_may_ask_whether_somebody_is_there(agent: Agent) -> None:
    for call in ("ping", "health"):
        for method in ("GET", "HEAD"):
            answer = httpx.request(method, f"{agent.url}/api/v1/agent/influx/{call}")
            assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("call", "authorization", "status"),
    [
        (SECOND, "Token nonsense", 401),
        (SECOND, "Basic bm9ib2R5", 401),
        (SECOND, "Basic ///", 401),
        ("influx/write?u=me&p=secret", None, 400),
        ("influx/write?precision=days", None, 400),
        ("influx/query?q=CREATE", None, 404),
    ],
)
def test_what_is_not_accepted_is_said_in_their_words(
    agent: Agent, call: str, authorization: str | None, status: int
) -> None:
    answer = write(agent, call, telegraf(), authorization)
    assert (answer.status_code, set(answer.json()) >= {"code", "message"}) == (status, True)
    assert samples_of(agent.node) == []


def test_key_in_an_address_is_refused_and_not_repeated(agent: Agent) -> None:
    answer = write(agent, f"influx/write?token={agent.key}", telegraf())
    assert (answer.status_code, "key_in_address" in answer.text, agent.key in answer.text) == (400, True, False)


def test_reading_it_is_a_contact_of_the_node_and_a_source_of_vitals(agent: Agent) -> None:
    write(agent, SECOND, telegraf())
    agent.node.refresh_from_db()
    assert agent.node.last_heartbeat is not None
    assert agent.node.collected_at is not None
    with acting_as("omega_worker"):
        assert set(MetricSeries.objects.filter(node=agent.node).values_list("kind", flat=True)) == {""}


def test_name_of_a_collector_stands_for_the_version_only_where_there_is_no_agent(agent: Agent) -> None:
    write(agent, SECOND, telegraf(), **{"User-Agent": "Telegraf/1.30"})
    agent.node.refresh_from_db()
    assert agent.node.agent_version.startswith("Telegraf")
    agent.post("heartbeat", {"status": "ok", "agent_version": "1.2.0"})
    write(agent, SECOND, telegraf(epoch(1)), **{"User-Agent": "Telegraf/1.30"})
    agent.node.refresh_from_db()
    assert agent.node.agent_version == "1.2.0"
