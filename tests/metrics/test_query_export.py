"""Samples as a file: every one of them, nothing that a spreadsheet would run, and known to the audit log."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.audit.models import AuditLog
from tests import make
from tests.metrics.query_world import World, series_of
from tests.signed_in import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
MINUTE = timedelta(minutes=1)
NOW = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture
def ana() -> Client:
    """Ana, an analyst, takes samples away."""
    client = Client()
    sign_in(client, make.user("ANALYST"))
    return client


def taken(client: Client, **query: Any) -> list[dict[str, str]]:
    """Return the lines of a file."""
    answer = client.get("/api/v1/metrics/export.csv", query)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def test_file_holds_every_sample_of_every_vital_asked_for(ana: Client) -> None:
    world = World(NOW)
    nodes = [make.node(hostname=name) for name in ("b", "a")]
    for node in nodes:
        world.add_vitals(node, {NOW - n * MINUTE: None if n == 3 else -n / 4 for n in range(1, 6)})

    lines = taken(ana, metric=["cpu_percent", "ram_percent"])

    assert {line["time"] for line in lines} == {f"{NOW - n * MINUTE:%F %T}+00" for n in range(1, 6)}
    assert sorted((line["hostname"], line["cpu_percent"], line["ram_percent"]) for line in lines) == sorted(
        (name, "" if n == 3 else f"{-n / 4:g}", "50") for name in "ab" for n in range(1, 6)
    )


def test_file_of_a_named_metric_tells_labels_and_unit(ana: Client) -> None:
    world, node = World(NOW), make.node(hostname="host")
    world.add_counts(series_of(node, "jobs", kind="gauge", unit="1", labels={"queue": 'a "b", c'}), {NOW - MINUTE: 1.5})

    assert taken(ana, metric="jobs") == [
        {
            "time": f"{NOW - MINUTE:%F %T}+00", "hostname": "host", "node_id": str(node.pk), "metric": "jobs",
            "labels": '{"queue": "a \\"b\\", c"}', "pool_id": "", "session_id": "", "value": "1.5", "unit": "1",
        }
    ]  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_text_that_a_spreadsheet_would_run_is_made_harmless_and_numbers_stay_numbers(start: str, ana: Client) -> None:
    evil, world = f"{start}cmd|' /C calc'!A0", World(NOW)
    node = make.node(hostname=evil)
    world.add_vitals(node, {NOW - MINUTE: -5.0})
    world.add_counts(series_of(node, evil, kind="gauge", unit=evil[:20]), {NOW - MINUTE: -5.0})

    vitals, named = taken(ana, metric="cpu_percent"), taken(ana, metric=evil)

    assert [(line["hostname"], line["cpu_percent"]) for line in vitals] == [(f"'{evil}", "-5")]
    assert [(line["hostname"], line["metric"], line["unit"], line["value"]) for line in named] == [
        (f"'{evil}", f"'{evil}", f"'{evil[:20]}", "-5")
    ]


def test_file_of_one_series_holds_no_other_of_its_name(ana: Client) -> None:
    world, node = World(NOW), make.node(hostname="host")
    rows = [series_of(node, "jobs", kind="gauge", labels=labels) for labels in ({}, {"a": "1"}, {"a": "1", "b": "2"})]
    for value, row in enumerate(rows):
        world.add_counts(row, {NOW - MINUTE: float(value)})

    for value, row in enumerate(rows):
        assert [line["value"] for line in taken(ana, metric="jobs", series=row.pk)] == [str(value)]
    refused = ana.get("/api/v1/metrics/export.csv", {"metric": "jobs", "series": 2**31 - 1})
    assert (refused.status_code, refused.json()["code"]) == (404, "series_not_found")


def test_refusal_is_a_page_for_a_browser_and_json_for_a_program(ana: Client) -> None:
    query = {"metric": "jobs"}
    page = ana.get("/api/v1/metrics/export.csv", query, headers={"Accept": "text/html,*/*;q=0.8"})
    data = ana.get("/api/v1/metrics/export.csv", query)

    assert page.status_code == data.status_code == 400
    assert page["Content-Type"].startswith("text/html") and "There is no metric called" in page.content.decode()
    assert data.json()["code"] == "unknown_metric"


def test_long_span_of_a_node_that_is_new_is_no_large_file(ana: Client) -> None:
    world, node = World(NOW), make.node(hostname="new")
    world.add_vitals(node, {NOW - timedelta(seconds=n): 1.0 for n in range(1, 20)})

    lines = taken(
        ana, metric="cpu_percent", node=str(node.pk), start=f"{NOW - timedelta(days=360):%FT%TZ}", end=f"{NOW:%FT%TZ}"
    )

    assert len(lines) == 19


def test_file_holds_what_its_taker_may_see_and_no_more(ana: Client) -> None:
    world = World(NOW)
    theirs = make.node(tenant=make.tenant(), hostname="theirs")
    for node in (theirs, make.node(hostname="ours")):
        world.add_vitals(node, {NOW - MINUTE: 1.0})

    assert [line["hostname"] for line in taken(ana, metric="cpu_percent")] == ["ours"]
    assert ana.get("/api/v1/metrics/export.csv", {"metric": "cpu_percent", "node": str(theirs.pk)}).status_code == 404


def test_taking_samples_away_is_known(ana: Client) -> None:
    make.node()

    taken(ana, metric="cpu_percent", tag="web")

    entry = AuditLog.objects.get(action="METRICS_EXPORTED")
    assert entry.user_email == "ana@example.test"
    assert entry.details["parameters"] == {"metric": ["cpu_percent"], "tag": ["web"]}


def test_thirty_files_within_ten_minutes_are_enough(ana: Client) -> None:
    statuses = [ana.get("/api/v1/metrics/export.csv", {"metric": "cpu_percent"}).status_code for _ in range(31)]

    assert statuses == [200] * 30 + [429]


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({}, "missing_field", "metric"),
        ({"metric": ["cpu_percent", "jobs"]}, "bad_metric", "metric"),
        ({"metric": ["jobs"]}, "unknown_metric", "metric"),
        ({"metric": "cpu_percent", "start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, "bad_span", "end"),
    ],
)
def test_file_that_cannot_be_is_refused_and_the_field_named(
    query: dict[str, Any], code: str, field: str, ana: Client
) -> None:
    answer = ana.get("/api/v1/metrics/export.csv", query)

    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["field"]) == (code, field)
    assert not AuditLog.objects.filter(action="METRICS_EXPORTED").exists()


def test_file_of_a_large_fleet_holds_its_nodes_and_not_the_retired_ones(ana: Client) -> None:
    world = World(NOW)
    for number in range(25):
        status = "retired" if number == 3 else "active"
        world.add_vitals(make.node(hostname=f"host-{number}", status=status), {NOW - MINUTE: float(number)})

    lines = taken(ana, metric="cpu_percent")

    assert {(line["hostname"], line["cpu_percent"]) for line in lines} == {
        (f"host-{n}", str(n)) for n in range(25) if n != 3
    }
