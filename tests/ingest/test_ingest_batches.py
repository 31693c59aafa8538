"""Batches of samples: stored once, answered always the same, and a bad sample costs itself only."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.conf import settings

from apps.metrics.models import IngestBatch, MetricSample, MetricSeries, NodeLatest, UsageRollupQueue
from tests.database import acting_as
from tests.ingest.conftest import Agent, epoch
from tests.ingest.stored import samples_of, series_count, usage_of

pytestmark = [pytest.mark.flow, pytest.mark.data_layer]
DAY = 86400
MOST_SERIES = settings.OMEGA.most_series_per_node


def samples(count: int, **fields: Any) -> list[dict[str, Any]]:
    """Return samples of twenty series, each at its own time."""
    start = epoch(-3600)
    return [{"type": f"m{n % 20}", "value": n, "at": start + n, **fields} for n in range(count)]


def test_one_bad_sample_among_a_thousand_costs_itself_only(agent: Agent) -> None:
    batch = samples(1000)
    batch[417]["value"] = "not a number"
    answer = agent.send(*batch).json()
    assert (answer["accepted"], answer["duplicate"]) == (999, 0)
    assert [(r["list"], r["index"], r["code"], r["field"]) for r in answer["rejected"]] == [
        ("samples", 417, "invalid_value", "value")
    ]
    assert len(samples_of(agent.node)) == 999
    assert series_count(agent.node) == 20


def test_samples_sent_again_in_another_batch_are_duplicates(agent: Agent) -> None:
    batch = samples(10)
    usage = [{"at": epoch(-5), "cpu_percent": 1}]
    assert agent.send(*batch, usage=usage).json()["accepted"] == 11
    again = agent.send(*batch, {"type": "m0", "value": 1}, usage=usage).json()
    assert (again["accepted"], again["duplicate"], again["rejected"]) == (1, 11, [])
    assert len(samples_of(agent.node)) == 11
    assert len(usage_of(agent.node)) == 1


def test_same_batch_again_gets_the_same_bytes(agent: Agent) -> None:
    body = {"batch_id": str(uuid4()), "samples": [*samples(3), {"type": "", "value": 1}], "usage": [{"at": "soon"}]}
    first, second = agent.post("metrics", body), agent.post("metrics", body)
    assert first.content == second.content
    assert (first.json()["accepted"], len(first.json()["rejected"])) == (3, 2)
    assert agent.post("metrics", {"batch_id": body["batch_id"]}).content == first.content


def test_batch_id_that_comes_again_with_other_content_leaves_no_trace(agent: Agent) -> None:
    batch_id = str(uuid4())
    first = agent.post("metrics", {"batch_id": batch_id, "samples": [{"type": "one", "value": 1, "at": epoch(-900)}]})
    later = [{"type": "two", "value": 1}, {"type": "one", "value": 1}]
    assert agent.post("metrics", {"batch_id": batch_id, "samples": later}).content == first.content
    with acting_as("omega_worker"):
        [series] = MetricSeries.objects.filter(node=agent.node)
        assert series.last_sample_at == MetricSample.objects.get(series=series).time


async def _in_parallel(agent: Agent, times: int, body: dict[str, Any]) -> list[httpx.Response]:
    """Send one body many times at once."""
    headers = {"Authorization": f"Bearer {agent.key}"}
    async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=times)) as client:
        url = f"{agent.url}/api/v1/agent/metrics"
        return await asyncio.gather(*(client.post(url, json=body, headers=headers) for _ in range(times)))


def test_same_batch_fifty_times_at_once_is_stored_once(agent: Agent) -> None:
    body = {"batch_id": str(uuid4()), "samples": [*samples(100), {"type": "bad name", "value": 1}]}
    answers = asyncio.run(_in_parallel(agent, 50, body))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["accepted"] == 100
    assert len(samples_of(agent.node)) == 100
    assert IngestBatch.objects.using("owner").filter(node=agent.node).count() == 1


def test_different_batches_of_one_node_at_once_make_each_series_once(agent: Agent) -> None:
    async def send_all() -> list[httpx.Response]:
        bodies = [{"batch_id": str(uuid4()), "samples": samples(200)[::step]} for step in (1, -1) for _ in range(10)]
        return [r for rs in await asyncio.gather(*(_in_parallel(agent, 1, body) for body in bodies)) for r in rs]

    answers = asyncio.run(send_all())
    assert {answer.status_code for answer in answers} == {200}
    assert series_count(agent.node) == 20
    assert sum(answer.json()["accepted"] for answer in answers) == len(samples_of(agent.node))


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (-6 * DAY, None),
        (-8 * DAY, "too_old"),
        (4 * 60, None),
        (3600, "in_future"),
    ],
)
def test_time_window(agent: Agent, at: float, code: str | None) -> None:
    moment = epoch(at)
    answer = agent.send({"type": "a", "value": 1, "at": moment}, usage=[{"at": moment, "cpu_percent": 5}]).json()
    assert [r["code"] for r in answer["rejected"]] == ([code] * 2 if code else [])
    assert len(samples_of(agent.node)) == len(usage_of(agent.node)) == (0 if code else 1)
    with acting_as("omega_worker"):
        hours = [row.bucket.timestamp() for row in UsageRollupQueue.objects.filter(node_id=agent.node.pk)]
    assert hours == ([] if code else [moment // 3600 * 3600])


def test_milliseconds_are_recognised(agent: Agent) -> None:
    [rejected] = agent.send({"type": "a", "value": 1, "at": epoch() * 1000}).json()["rejected"]
    assert (rejected["code"], "milliseconds" in rejected["detail"]) == ("invalid_time", True)


def test_newest_vitals_of_a_batch_become_the_latest(agent: Agent) -> None:
    agent.send(usage=[{"at": epoch(-at), "cpu_percent": at} for at in (90, 10, 50)])
    assert NodeLatest.objects.get(node=agent.node).cpu_percent == 10


def test_labels_in_another_order_are_the_same_series(agent: Agent) -> None:
    one = {"type": "a", "value": 1, "labels": {"x": "1", "y": "é"}, "at": epoch(-2)}
    agent.send(one, {**one, "labels": {"y": "é", "x": "1"}, "at": epoch(-1)})
    assert series_count(agent.node) == 1
    assert [labels for _, labels, _ in samples_of(agent.node)] == [{"x": "1", "y": "é"}] * 2


def test_pool_and_session_are_subjects_of_their_own(agent: Agent) -> None:
    pool, session = str(uuid4()), str(uuid4())
    answer = agent.send(
        {"type": "a", "value": 1},
        {"type": "a", "value": 1, "pool": pool},
        {"type": "a", "value": 1, "session": session},
        {"type": "a", "value": 1, "session": session, "pool": pool},
    ).json()
    assert (answer["accepted"], [r["index"] for r in answer["rejected"]]) == (3, [3])
    assert series_count(agent.node) == 3


def test_extreme_values_are_stored(agent: Agent) -> None:
    extremes = [1.7976931348623157e308, -1.7976931348623157e308, 5e-324, -0.0, 2**63]
    answer = agent.send(*({"type": f"x{n}", "value": value} for n, value in enumerate(extremes))).json()
    assert answer["accepted"] == len(extremes)
    tiny = agent.send(usage=[{"at": epoch(), "load_1m": 5e-324, "uptime_seconds": 1e-300, "cpu_percent": 1e-45}])
    assert tiny.json()["accepted"] == 1


def test_largest_labels_fit_their_index(agent: Agent) -> None:
    labels = {f"l{n:02}": uuid4().hex * 2 for n in range(20)}
    answer = agent.send({"type": "a" * 100, "value": 1, "labels": labels}).json()
    assert answer["rejected"] == []
    too_much = {f"l{n:02}": "€" * 200 for n in range(20)}
    assert agent.send({"type": "a", "value": 1, "labels": too_much}).json()["rejected"][0]["field"] == "labels"


@pytest.mark.slow
def test_series_beyond_the_ceiling_are_refused_and_known_ones_go_on(agent: Agent) -> None:
    many = [{"type": "a", "value": n, "labels": {"n": str(n)}} for n in range(MOST_SERIES + 5)]
    answer = agent.send({"type": "", "value": 1}, *many).json()
    assert answer["accepted"] == MOST_SERIES
    assert [(r["index"], r["code"]) for r in answer["rejected"][1:]] == [
        (MOST_SERIES + 1 + n, "series_limit") for n in range(5)
    ]
    assert agent.send(*many[:10]).json()["accepted"] == 10
