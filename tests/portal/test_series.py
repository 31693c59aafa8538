"""The numbers behind a chart."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.nodes.models import Node
from apps.portal.spans import first_range, points_for, span_asked
from tests import make


def ask(client: Client, node: Node, **query: Any) -> dict[str, Any]:
    """Return the answer for one node."""
    answer: dict[str, Any] = client.get(f"/nodes/{node.pk}/series/", query).json()
    return answer


def test_gap_is_null_and_lines_share_their_times(client_as: Callable[[str], Client]) -> None:
    client, node, now = client_as("READONLY"), make.node(heartbeat_interval_seconds=60), datetime.now(UTC)
    for minutes in (50, 49, 48, 20, 19):
        make.usage(node, now - timedelta(minutes=minutes), cpu_percent=40, ram_percent=50)
    data = ask(client, node, metric="cpu_percent,ram_percent", range="1h", width=600)
    cpu = data["series"][0]
    assert [line["metric"] for line in data["series"]] == ["cpu_percent", "ram_percent"]
    assert len(data["at"]) == len(cpu["avg"]) == len(cpu["min"]) == len(data["series"][1]["avg"])
    measured = [value is not None for value in cpu["avg"]]
    first, last = measured.index(True), len(measured) - 1 - measured[::-1].index(True)
    assert False in measured[first:last], "the half hour without samples stays open"
    assert {value for value in cpu["avg"] if value is not None} == {40.0}


def test_zoom_asks_for_a_span_in_epoch_seconds(client_as: Callable[[str], Client]) -> None:
    client, node, now = client_as("READONLY"), make.node(), datetime.now(UTC)
    make.usage(node, now - timedelta(minutes=5), cpu_percent=12)
    start = (now - timedelta(minutes=10)).timestamp()
    data = ask(client, node, metric="cpu_percent", start=start, end=now.timestamp())
    assert (data["start"], data["source"]) == (pytest.approx(start), "raw")
    assert data["tier"].startswith("from samples, a point is ")


def test_change_of_state_is_a_marker(client_as: Callable[[str], Client]) -> None:
    client, node = client_as("DEVOPS"), make.node()
    client.post(f"/nodes/{node.pk}/drain/", {"reason": "disks"})
    markers = ask(client, node, metric="cpu_percent")["markers"]
    assert [marker["kind"] for marker in markers] == ["DRAINED"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"metric": "password"}, "metric"),
        ({"metric": ""}, "metric"),
        ({"metric": "cpu_percent,cpu_percent,cpu_percent,cpu_percent,cpu_percent"}, "metric"),
        ({"metric": "cpu_percent", "start": "nan", "end": "1"}, "start"),
        ({"metric": "cpu_percent", "start": "1e999", "end": "1"}, "start"),
        ({"metric": "cpu_percent", "start": "1700000002", "end": "1700000001"}, "end"),
        ({"metric": "cpu_percent", "start": "1600000000", "end": "1700000000"}, "start"),
        ({"metric": "cpu_percent", "start": "-62135596800", "end": "-62135500000"}, "start"),
        ({"metric": "cpu_percent", "start": "1700000000", "end": "253402300799"}, "end"),
    ],
)
def test_bad_request_names_the_parameter(client_as: Callable[[str], Client], query: dict[str, str], field: str) -> None:
    answer = client_as("READONLY").get(f"/nodes/{make.node().pk}/series/", query)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_unknown_node_is_a_json_404(client_as: Callable[[str], Client]) -> None:
    answer = client_as("READONLY").get("/nodes/00000000-0000-4000-8000-000000000000/series/?metric=cpu_percent")
    assert (answer.status_code, answer.json()["code"]) == (404, "node_not_found")


def test_unknown_range_is_the_last_hour(now: datetime) -> None:
    span = span_asked({"range": "a century"}, now)
    assert (span.name, span.end - span.start) == ("1h", timedelta(hours=1))


@pytest.mark.parametrize(("minutes", "name"), [(1, "15m"), (59, "15m"), (61, "1h")])
def test_young_node_opens_with_a_short_range(now: datetime, minutes: int, name: str) -> None:
    assert first_range(now - timedelta(minutes=minutes), now) == name


@pytest.mark.parametrize(("width", "points"), [("600", 300), ("1", 60), ("99999", 1500), ("-5", 400), (None, 400)])
def test_points_follow_the_width_within_bounds(width: str | None, points: int) -> None:
    assert points_for(width) == points
