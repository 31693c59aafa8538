"""A sender may store any finite number: none of them makes a question fail, and answers stay finite."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from apps.metrics.models import MetricSeries
from apps.metrics.queries import Aggregation, Combine, Query, Window
from apps.metrics.selectors.query import instant, run
from apps.metrics.services import roll_up
from tests import make
from tests.database import acting_as
from tests.metrics.conftest import hour_of
from tests.metrics.query_world import World, series_of
from tests.signed_in import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
START = hour_of(NOW) - 5 * HOUR
LARGE = [1.7e308, 1.7e308, -1.7e308, 1e155, 1e300, -1e155, 1.7e308]


@pytest.fixture(params=["waiting", "rolled up"])
def series(db: None, request: pytest.FixtureRequest) -> MetricSeries:
    """A counter with values that no sum can hold, in two hours."""
    one = series_of(make.node(), "big")
    World(NOW).add_counts(one, {START + h * HOUR + n * MINUTE: value for h in (0, 1) for n, value in enumerate(LARGE)})
    if request.param == "rolled up":
        with acting_as("omega_worker"):
            roll_up()
    return one


@pytest.mark.parametrize("how", Aggregation)
@pytest.mark.parametrize("begin", [START, START + MINUTE])
def test_every_answer_is_finite(series: MetricSeries, how: Aggregation, begin: datetime) -> None:
    steps = [
        run(Query("big", begin, NOW, aggregation=how, step=step, **more), NOW)
        for step in (300, 3600, 14_400)
        for more in ({}, {"by": (), "combine": Combine.SUM}, {"by": (), "combine": Combine.AVG})
    ]
    totals = instant(Window("big", begin, NOW, aggregation=how), NOW).totals

    values = [point.value for answer in steps for one in answer.series for point in one.points]
    found = [value for value in [*values, *(total.value for total in totals)] if value is not None]
    assert found and all(math.isfinite(value) for value in found)


@pytest.mark.parametrize("how", ["avg", "p95", "max", "rate"])
def test_pages_and_programs_get_an_answer(series: MetricSeries, how: str) -> None:
    client = Client()
    sign_in(client, make.user("ADMIN"))
    span = {"start": f"{START:%FT%TZ}", "end": f"{NOW:%FT%TZ}"}

    for address in ("/api/v1/metrics/top/", "/api/v1/metrics/query/"):
        assert client.get(address, {"metric": "big", "aggregation": how, **span}).status_code == 200
    assert client.get("/metrics/top/", {"metric": "big", "how": how}).status_code == 200
    assert client.get(f"/nodes/{series.node_id}/metrics/", {"series": series.pk, "range": "1d"}).status_code == 200
