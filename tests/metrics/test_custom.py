"""Series of a node as pages show them."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.metrics.models import MetricSample, MetricSeries
from apps.metrics.selectors import custom_metrics_of
from apps.metrics.selectors.custom import series_of
from tests import make
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(("seconds_after", "has_ended"), [(-5, True), (0, True), (5, False)])
def test_series_has_ended_only_when_nothing_newer_is_stored(seconds_after: int, has_ended: bool) -> None:
    """The mark is taken away with the next note of the series, which another door may owe for minutes."""
    node = make.node()
    with acting_as("omega_worker"):
        series = MetricSeries.objects.create(
            tenant=node.tenant, node=node, metric_type="up", last_sample_at=AT - timedelta(minutes=1), stale_at=AT
        )
        for moment in (AT - timedelta(minutes=1), AT + timedelta(seconds=seconds_after)):
            MetricSample.objects.create(series=series, time=moment, value=1)
        [listed] = custom_metrics_of(node)
        shown = series_of(node, series.pk)

    ended = AT if has_ended else None
    assert (listed.ended_at, shown.stale_at) == (ended, ended)
