"""Percentiles: exact where one bucket tells them, within a hundredth where several do, else refused or unknown."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.errors import Invalid
from apps.metrics.models import UsageDaily, UsageSketch
from apps.metrics.queries import Aggregation, Query, Window
from apps.metrics.selectors import query_rows
from apps.metrics.selectors.query import instant, run
from apps.metrics.services import roll_up
from tests import make
from tests.database import acting_as, aggregates
from tests.metrics.query_world import World, nearly, told, wanted

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
NOW = TODAY - DAY + 12 * HOUR + 35 * MINUTE


def test_sketched_percentile_is_off_by_less_than_a_hundredth_in_rank() -> None:
    world, node = World(NOW), make.node()
    values = {TODAY - 4 * DAY + n * MINUTE: float((n * 7919) % 1440) for n in range(1440)}
    world.add_vitals(node, {at: value / 16 for at, value in values.items()})
    with acting_as("omega_worker"):
        roll_up()

    answer = instant(Window("cpu_percent", TODAY - 4 * DAY, TODAY - 3 * DAY, aggregation=Aggregation.P95), NOW)

    value = answer.totals[0].value
    assert answer.source == "hourly" and value is not None
    assert abs(value * 16 / 1440 - 0.95) < 0.01


def test_percentiles_outlive_the_sketches_of_hours_by_the_hour_and_by_the_day() -> None:
    world, node = World(NOW), make.node()
    first = TODAY - 100 * DAY
    world.add_vitals(node, {first + n * 20 * MINUTE: float(n * 37 % 101) for n in range(150)})
    with acting_as("omega_worker"):
        roll_up(now=NOW)
        if not aggregates():
            UsageSketch.objects.all().delete()
    by_hour, by_two, by_day = (
        Query("cpu_percent", first, first + 2 * DAY + HOUR, aggregation=Aggregation.P95, step=step)
        for step in (3600, 7200, 86_400)
    )

    for query, source in ((by_hour, "hourly"), (by_day, "daily")):
        answer = run(query, NOW)
        assert answer.source == source and told(answer) == nearly(wanted(world, query, answer))
    with pytest.raises(Invalid, match="together are kept since") as refusal:
        run(by_two, NOW)
    assert (refusal.value.code, refusal.value.field) == ("step_too_fine", "step")


def test_percentile_with_a_day_from_before_there_were_sketches_is_unknown(kept_by_job: None) -> None:
    world, node = World(NOW), make.node()
    first = TODAY - 30 * DAY
    world.add_vitals(node, {first + n * HOUR: float(n) for n in range(48)})
    with acting_as("omega_worker"):
        roll_up(now=NOW)
        UsageDaily.objects.filter(bucket=first).update(cpu_percent_sketch=None, cpu_percent_p95=None)
    query = Query("cpu_percent", first - DAY, first + 15 * DAY, aggregation=Aggregation.P95, step=86_400)
    steps = {point.at: point.value for point in run(query, NOW).series[0].points}
    over_all = instant(Window("cpu_percent", first, first + 16 * DAY, aggregation=Aggregation.P95), NOW).totals[0]

    assert (steps[first], steps[first + DAY]) == (None, pytest.approx(45.85))
    assert (over_all.value, over_all.samples) == (None, 48)


def test_question_that_meets_far_too_many_hours_not_rolled_up_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    world, node = World(NOW), make.node()
    world.add_vitals(node, {NOW - n * HOUR: 1.0 for n in range(60, 70)})
    asked = Window("cpu_percent", NOW - 80 * HOUR, NOW)
    monkeypatch.setattr(query_rows, "MOST_WAITING", 10)
    assert instant(asked, NOW).totals[0].samples == 10
    monkeypatch.setattr(query_rows, "MOST_WAITING", 9)

    with pytest.raises(Invalid, match="wait to be rolled up") as refusal:
        instant(asked, NOW)
    assert (refusal.value.code, refusal.value.field) == ("too_expensive", "start")
