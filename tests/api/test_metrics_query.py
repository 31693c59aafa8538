"""Programs ask for series, rankings and names over REST."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.nodes.models import Node
from tests import make
from tests.api.calls import get
from tests.metrics.query_world import World, series_of

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOW = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture
def fleet() -> list[Node]:
    """Return three nodes; each says ten times its number, and counts."""
    world, nodes = World(NOW), [make.node(hostname=f"host-{n}", tags=["web"] if n else []) for n in range(3)]
    for number, node in enumerate(nodes):
        world.add_vitals(node, {NOW - n * MINUTE: number * 10.0 for n in range(1, 50)})
        world.add_counts(
            series_of(node, "requests_total", labels={"code": "200"}),
            {NOW - n * MINUTE: 6000.0 - 60.0 * n for n in range(50)},
        )
    return nodes


def bad(client: Client, path: str, **query: Any) -> Any:
    """Return what is answered to a question that cannot be answered."""
    answer = client.get(f"/api/v1/metrics/{path}/", query)
    assert answer.status_code == 400, answer.content
    return answer.json()


def test_series_of_some_nodes_with_their_steps_and_source(ada: Client, fleet: list[Node]) -> None:
    found = get(ada, "metrics/query/", metric="cpu_percent", tag="web", step=600, fill="none", band="true")

    assert (found["metric"], found["aggregation"], found["source"], found["step_seconds"]) == (
        "cpu_percent", "avg", "raw", 600,
    )  # fmt: skip
    assert [one["subject"]["hostname"] for one in found["series"]] == ["host-1", "host-2"]
    assert {(p["value"], p["min"], p["max"]) for p in found["series"][1]["points"]} == {(20.0, 20.0, 20.0)}


def test_several_nodes_are_named_by_repeating_the_parameter(ada: Client, fleet: list[Node]) -> None:
    found = get(ada, "metrics/query/", metric="cpu_percent", node=[str(fleet[0].pk), str(fleet[2].pk)])

    assert [one["subject"]["node_id"] for one in found["series"]] == [str(fleet[0].pk), str(fleet[2].pk)]


def test_rate_of_a_counter_is_put_together_by_label(ada: Client, fleet: list[Node]) -> None:
    found = get(
        ada, "metrics/query/", metric="requests_total", aggregation="rate", by="code", label="code=200", step=600
    )

    assert [one["labels"] for one in found["series"]] == [{"code": "200"}]
    values = [p["value"] for p in found["series"][0]["points"] if p["value"] is not None]
    assert values == pytest.approx([3.0] * len(values)) and len(values) > 3


def test_greatest_come_first(ada: Client, fleet: list[Node]) -> None:
    found = get(ada, "metrics/top/", metric="cpu_percent", top=2)

    assert [(one["subject"]["hostname"], one["value"]) for one in found["totals"]] == [
        ("host-2", 20.0),
        ("host-1", 10.0),
    ]
    assert found["is_truncated"] and found["totals"][0]["samples"] == 49


def test_names_begin_with_the_vitals_and_go_on_page_by_page(ada: Client, fleet: list[Node]) -> None:
    for name in ("apples", "bananas", "cherries"):
        series_of(fleet[0], name, kind="gauge", unit="kg")

    first = get(ada, "metrics/names/", limit=2)
    second = get(ada, "metrics/names/", limit=2, after=first["next"])

    named = [row for row in first["results"] if not row["is_vital"]]
    assert first["results"][0] == {
        "name": "cpu_percent", "kind": "gauge", "unit": "%", "help": "CPU", "is_vital": True, "series": 0,
    }  # fmt: skip
    assert [row["name"] for row in named] == ["apples", "bananas"]
    assert [(row["name"], row["kind"], row["series"]) for row in second["results"]] == [
        ("cherries", "gauge", 1), ("requests_total", "counter", 3),
    ]  # fmt: skip
    assert second["next"] is None
    assert [row["name"] for row in get(ada, "metrics/names/", text="ban")["results"]] == ["bananas"]


@pytest.mark.parametrize("path", ["query", "top"])
@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({}, "missing_field", "metric"),
        ({"metric": "no_such"}, "unknown_metric", "metric"),
        ({"metric": "cpu_percent", "node": "x"}, "invalid_value", "node"),
        ({"metric": "cpu_percent", "start": "yesterday"}, "invalid_value", "start"),
        ({"metric": "cpu_percent", "start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, "bad_span", "end"),
        ({"metric": "cpu_percent", "aggregation": "median"}, "invalid_value", "aggregation"),
        ({"metric": "cpu_percent", "aggregation": "rate"}, "not_a_counter", "aggregation"),
        ({"metric": "cpu_percent", "top": "0"}, "min_value", "top"),
        ({"metric": "cpu_percent", "node_label": "=x"}, "invalid_value", "node_label"),
        ({"metric": "cpu_percent", "label": "a=b"}, "no_labels", "label"),
        ({"metric": "cpu_percent", "pool": str(uuid4())}, "no_subject", "pool"),
        ({"metric": "cpu_percent", "colour": "red"}, "unknown_parameter", "colour"),
        ({"metric": "cpu_percent", "region": "a\x00"}, "null_characters_not_allowed", "region"),
    ],
)
def test_bad_question_names_the_field(path: str, query: dict[str, str], code: str, field: str, ada: Client) -> None:
    answer = bad(ada, path, **query)

    assert (answer["code"], answer["field"]) == (code, field)


def test_too_costly_question_says_with_numbers_what_to_ask_for(ada: Client, fleet: list[Node]) -> None:
    start = f"{NOW - timedelta(days=300):%FT%TZ}"

    answer = bad(ada, "query", metric="cpu_percent", start=start, end=f"{NOW:%FT%TZ}", step="10")

    assert answer["code"] == "too_expensive" and answer["field"] == "step"
    assert "20,000" in answer["detail"]


def test_node_of_another_tenant_is_not_found_like_one_that_never_was(ada: Client, fleet: list[Node]) -> None:
    theirs = make.node(tenant=make.tenant())
    answers = [
        ada.get("/api/v1/metrics/query/", {"metric": "cpu_percent", "node": str(node_id)})
        for node_id in (theirs.pk, uuid4())
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


def test_bad_cursor_is_refused(ada: Client) -> None:
    assert bad(ada, "names", after="nonsense")["field"] == "after"
