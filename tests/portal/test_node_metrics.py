"""One metric of one node over a span of one's own."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from apps.metrics.models import MetricFamily
from tests import make
from tests.database import acting_as
from tests.portal.measured import measured, named
from tests.portal.pages import text

SignIn = Callable[[str], Client]


def test_named_metric_of_a_node_is_charted_by_its_rate_and_read_as_a_table(client_as: SignIn) -> None:
    node = make.node()
    row = named(node, "jobs_total", [120.0 * n for n in range(10)], kind="counter", queue="mail")
    client = client_as("READONLY")
    page = text(client.get(f"/nodes/{node.pk}/metrics/?series={row.pk}&range=15m"))
    assert "queue=mail" in page and "count/s" in page
    assert "2.00 count/s" in page[page.index('data-testid="value-table"') :]
    data = client.get(f"/nodes/{node.pk}/series/?series={row.pk}&how=rate&range=15m").json()
    assert {round(value, 1) for value in data["series"][0]["avg"] if value is not None} == {2.0}


def test_series_without_a_kind_is_shown_as_its_family_says(client_as: SignIn) -> None:
    node = make.node()
    row = named(node, "jobs_total", [120.0 * n for n in range(10)])
    with acting_as("omega_worker"):
        MetricFamily.objects.create(tenant=node.tenant, metric_type="jobs_total", kind="counter")
    data = client_as("READONLY").get(f"/nodes/{node.pk}/series/?series={row.pk}&range=15m").json()
    assert {round(value, 1) for value in data["series"][0]["avg"] if value is not None} == {2.0}


def test_rate_of_what_is_no_counter_is_refused_beside_the_field(client_as: SignIn) -> None:
    node = make.node()
    row = named(node, "temperature", [20.0, 21.0], kind="gauge")
    answer = client_as("READONLY").get(f"/nodes/{node.pk}/metrics/?series={row.pk}&how=rate")
    assert answer.status_code == 400
    assert 'id="id_how_error"' in text(answer)


def test_named_metrics_of_a_node_are_searched_by_name(client_as: SignIn) -> None:
    node = make.node()
    for name in ("http_requests", "queue_length"):
        named(node, name, [1.0])
    page = text(client_as("READONLY").get(f"/nodes/{node.pk}/metrics/?q=queue"))
    assert "queue_length" in page and "http_requests" not in page


def test_own_span_is_read_in_the_time_zone_of_the_person(client_as: SignIn) -> None:
    client, node = client_as("READONLY"), make.node()
    person = make.user("READONLY")
    person.time_zone = "Asia/Tokyo"
    person.save(update_fields=["time_zone"])
    answer = client.get(f"/nodes/{node.pk}/?since=2026-03-01T09:00&until=2026-03-01T10:30&range=1h")
    start = datetime(2026, 3, 1, 0, 0, tzinfo=UTC).timestamp()
    shared = f"/nodes/{node.pk}/?range=1h&start={start:.3f}&end={start + 5400:.3f}"
    assert (answer.status_code, answer["Location"]) == (302, shared), "the address means the same to everybody"
    page = text(client.get(shared))
    assert f'data-start="{start:.3f}" data-end="{start + 5400:.3f}"' in page
    again = text(client.get(f"/nodes/{node.pk}/?start={start}&end={start + 5400}"))
    assert 'value="2026-03-01T09:00"' in again and 'value="2026-03-01T10:30"' in again


@pytest.mark.parametrize("page", ["node", "metrics", "time", "top", "compare"])
def test_own_span_is_shared_in_epoch_seconds_on_every_page(client_as: SignIn, page: str) -> None:
    node = make.node()
    paths = {"node": f"/nodes/{node.pk}/", "metrics": f"/nodes/{node.pk}/metrics/"}
    path = paths.get(page, f"/metrics/{page}/")
    answer = client_as("READONLY").get(
        f"{path}?nodes={node.pk},{node.pk}&since=2026-03-01T09:00&until=2026-03-01T10:00"
    )
    start = datetime(2026, 3, 1, 9, 0, tzinfo=UTC).timestamp()
    assert answer["Location"] == f"{path}?nodes={node.pk},{node.pk}&start={start:.3f}&end={start + 3600:.3f}"


def test_days_of_a_long_span_are_dated_in_utc_for_everybody(client_as: SignIn) -> None:
    client, now, person = client_as("READONLY"), datetime.now(UTC), make.user("READONLY")
    node = measured("alpha", 50.0)
    span = f"start={(now - timedelta(days=55)).timestamp()}&end={(now + timedelta(minutes=1)).timestamp()}"
    seen = []
    for person.time_zone in ("UTC", "America/New_York"):
        person.save(update_fields=["time_zone"])
        table = text(client.get(f"/nodes/{node.pk}/metrics/?{span}"))
        assert re.findall(r'<th scope="row">(\d[^<]+)</th>', table) == [f"{now:%-d %b %Y}"]
        assert "UTC day</th>" in table and "a point is a UTC day" in table
        over_time = text(client.get(f"/metrics/time/?{span}"))
        assert "a point is 2 UTC days" in over_time
        seen.append(re.findall(r'<th scope="col">(\d+ \w+)</th>', over_time))
    assert len(seen[0]) > 20 and seen[0] == seen[1]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("since=yesterday", "Enter a valid date/time."),
        ("until=2026-03-01T10:30", "Say from when, too."),
        ("since=2026-03-02T09:00&until=2026-03-01T10:30", "This must be later than “From”."),
        ("since=2020-03-02T09:00&until=2026-03-01T10:30", "The longest span is two years."),
        ("since=0001-01-01T00:00", "The time must lie between the years 2000 and 2100."),
        ("start=5&end=7", "start must lie between the years 2000 and 2100."),
        ("start=1772300000&end=1772200000", "The end must lie after the start."),
    ],
)
@pytest.mark.parametrize("page", ["node", "node_metrics", "time", "top", "compare"])
def test_wrong_span_is_said_beside_its_field(client_as: SignIn, page: str, query: str, said: str) -> None:
    node = make.node()
    paths = {"node": f"/nodes/{node.pk}/", "node_metrics": f"/nodes/{node.pk}/metrics/"}
    pair = f"nodes={node.pk},{make.node().pk}&" if page == "compare" else ""
    answer = client_as("READONLY").get(f"{paths.get(page, f'/metrics/{page}/')}?{pair}{query}")
    assert answer.status_code == 400
    assert f"{said}</p>" in text(answer)
