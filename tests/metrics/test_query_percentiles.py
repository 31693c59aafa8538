"""Percentiles: exact where one bucket tells them, within a hundredth where several do, else refused or unknown."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError, connection, transaction

from apps.core import bulk
from apps.core.errors import Invalid
from apps.metrics.models import UsageDaily
from apps.metrics.queries import Aggregation, Query, Window
from apps.metrics.selectors import query_numbers, query_plan, query_rows
from apps.metrics.selectors.query import instant, run
from apps.metrics.services import roll_up
from tests import make
from tests.database import acting_as
from tests.metrics.query_world import World, by_hand, nearly, told, wanted

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


def forget(until: datetime) -> None:
    """Drop the sketches of hours that lie before a day."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT drop_partitions('public.usage_sketches', %s)", [until])


def test_percentiles_outlive_the_sketches_of_hours_by_the_hour_and_by_the_day(kept_by_job: None) -> None:
    world, node = World(NOW), make.node()
    first = TODAY - 100 * DAY
    world.add_vitals(node, {first + n * 20 * MINUTE: float(n * 37 % 101) for n in range(150)})
    with acting_as("omega_worker"):
        roll_up(now=NOW)
        forget(first + 5 * DAY)
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


def test_window_is_never_told_from_the_part_whose_sketches_are_left(kept_by_job: None) -> None:
    world, node = World(NOW), make.node()
    first = TODAY - 20 * DAY
    world.add_vitals(node, {first + n * HOUR: 90.0 if n < 48 else 10.0 for n in range(96)})
    with acting_as("omega_worker"):
        roll_up(now=NOW)
        forget(first + 2 * DAY)

    told_of = instant(Window("cpu_percent", first, first + 4 * DAY, aggregation=Aggregation.P95), NOW).totals[0]
    an_hour = instant(Window("cpu_percent", first + HOUR / 2, first + HOUR, aggregation=Aggregation.P95), NOW)

    assert (told_of.value, told_of.samples) == (pytest.approx(90.0), 96)
    assert (an_hour.source, an_hour.totals[0].samples) == ("raw", 0)


def test_thousands_are_joined_in_portions_and_those_that_wait_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    world, nodes = World(NOW), [make.node(hostname=f"n{number}") for number in range(7)]
    start = TODAY - 4 * DAY
    for number, node in enumerate(nodes):
        world.add_vitals(node, {start + n * 7 * MINUTE: float(n * (31 + number) % 40) for n in range(40)})
    with acting_as("omega_worker"):
        roll_up(now=NOW)
    world.add_vitals(nodes[3], {start + 5 * MINUTE: 99.0, start + 6 * MINUTE: 99.5, start + 8 * MINUTE: 98.0})
    monkeypatch.setattr(query_numbers, "MOST_AT_ONCE", 12)

    answer = instant(Window("cpu_percent", start, start + 5 * HOUR, aggregation=Aggregation.P95), NOW)

    found = {one.subject.node_id: one.value for one in answer.totals}
    by_samples = {
        node.pk: by_hand(s, start, start + 5 * HOUR, 9999 * DAY, Aggregation.P95).get(start)
        for node, s in world.vitals.items()
    }
    assert answer.source == "hourly" and found == pytest.approx(by_samples, rel=1e-6)


def test_steps_that_need_too_many_sketches_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    world, node = World(NOW), make.node()
    world.add_vitals(node, {TODAY - 4 * DAY: 1.0})
    query = Query("cpu_percent", TODAY - 5 * DAY, TODAY - DAY, aggregation=Aggregation.P95, step=7200)
    assert run(query, NOW).series
    monkeypatch.setattr(query_plan, "MOST_SKETCHES", 95)

    with pytest.raises(Invalid, match="96 hours") as refusal:
        run(query, NOW)
    assert refusal.value.code == "too_expensive"


def test_errors_while_sketches_are_copied_are_those_of_any_statement() -> None:
    with pytest.raises(DataError), transaction.atomic():
        bulk.copy_whole(query_numbers.__file__, "query_sketches_vitals.sql", {
            "vital": "cpu_percent", "subjects": ["no node"], "finer_from": TODAY, "finer_until": NOW,
        })  # fmt: skip


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
