"""The query service gives the answers that the samples give, whichever storage it reads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.context import RequestContext, acting
from apps.core.errors import Invalid, NotFound
from apps.metrics.models import MetricSample, MetricSeries, UsageDaily, UsageSketch
from apps.metrics.models.retention_policy import KeptTable
from apps.metrics.queries import Aggregation, Answer, Fill, Query, Selector, Window
from apps.metrics.selectors import query_rows
from apps.metrics.selectors.query import instant, run
from apps.metrics.selectors.query_limits import bounded
from apps.metrics.services import roll_up
from tests import make
from tests.database import acting_as, aggregates
from tests.metrics.query_world import World, by_hand, random_world, series_of

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
NOW = TODAY - DAY + 12 * HOUR + 35 * MINUTE
SPANS = [
    (NOW - 2 * HOUR, NOW, 600),
    (NOW - 30 * HOUR, NOW, 3600),
    (NOW - 60 * HOUR, NOW - 7 * HOUR, 7200),
    (NOW - 70 * HOUR, NOW, 86_400),
    (NOW - 20 * HOUR, NOW - 19 * HOUR, 3600),
]
Steps = dict[object, dict[datetime, float]]


def told(answer: Answer) -> Steps:
    """Return the points that are no gaps, by node or series."""
    return {
        one.subject.series_id or one.subject.node_id: {p.at: p.value for p in one.points if p.value is not None}
        for one in answer.series
    }


def wanted(world: World, query: Query, answer: Answer) -> Steps:
    """Return the same, worked out from the samples."""
    step = timedelta(seconds=answer.step_seconds)
    start, end = answer.steps[0], answer.steps[-1] + step
    stored = world.vitals if query.metric == "cpu_percent" else world.counters
    return {of.pk: by_hand(samples, start, end, step, query.aggregation) for of, samples in stored.items()}


def nearly(steps: Steps) -> object:
    """Return the points to compare with: what was measured is stored exactly, sketches hold four bytes."""
    return {key: pytest.approx(points, rel=1e-6, abs=1e-9) for key, points in steps.items()}


@pytest.mark.parametrize("seed", range(3))
def test_every_aggregate_of_a_vital_is_that_of_its_samples(seed: int) -> None:
    world = random_world(seed, NOW)
    for how in set(Aggregation) - {Aggregation.RATE}:
        for start, end, step in SPANS:
            query = Query("cpu_percent", start, end, aggregation=how, step=step)
            answer = run(query, NOW)

            assert told(answer) == nearly(wanted(world, query, answer)), (how, step, answer.source)


@pytest.mark.parametrize("seed", range(3))
def test_every_aggregate_of_a_counter_is_that_of_its_samples(seed: int) -> None:
    world = random_world(seed, NOW)
    for how in Aggregation:
        for start, end, step in SPANS:
            query = Query("requests_total", start, end, aggregation=how, step=step)
            answer = run(query, NOW)

            assert told(answer) == nearly(wanted(world, query, answer)), (how, step, answer.source)


@pytest.mark.parametrize("seed", range(3))
def test_number_of_a_window_is_that_of_its_samples_from_the_first_second_to_the_last(seed: int) -> None:
    world = random_world(seed, NOW)
    for metric, stored in (("cpu_percent", world.vitals), ("requests_total", world.counters)):
        for how in set(Aggregation) - ({Aggregation.RATE} if metric == "cpu_percent" else set()):
            for start, end in ((NOW - 25 * HOUR, NOW), (NOW - 20 * MINUTE, NOW), (NOW - 60 * HOUR, NOW - 59 * HOUR)):
                answer = instant(Window(metric, start, end, aggregation=how), NOW)
                found = {one.subject.series_id or one.subject.node_id: one.value for one in answer.totals}
                by_samples = {of.pk: by_hand(s, start, end, 9999 * DAY, how).get(start) for of, s in stored.items()}

                assert found == pytest.approx(by_samples, rel=1e-6), (metric, how, start)


def test_whole_hours_are_answered_alike_for_nodes_of_no_one_and_several_hours() -> None:
    world, nodes = World(NOW), [make.node(hostname=name) for name in "abcd"]
    start, end = TODAY - 4 * DAY, TODAY - 4 * DAY + 5 * HOUR
    world.add_vitals(nodes[0], {start + n * 7 * MINUTE: float(n * 31 % 40) for n in range(40)})
    world.add_vitals(nodes[1], {start + 2 * HOUR + n * MINUTE: float(n) for n in range(11)})
    world.add_vitals(nodes[2], {start + n * HOUR: n + 0.5 for n in range(5)})
    world.add_vitals(nodes[3], {end: 1.0})
    for number in range(2):
        world.add_counts(series_of(nodes[number]), {start + n * 9 * MINUTE: n * 2.0 for n in range(5 + 20 * number)})
    with acting_as("omega_worker"):
        roll_up()

    for metric, stored in (("cpu_percent", world.vitals), ("requests_total", world.counters)):
        for how in (Aggregation.AVG, Aggregation.MIN, Aggregation.MAX, Aggregation.COUNT, Aggregation.P95):
            answer = instant(Window(metric, start, end, aggregation=how), NOW)
            found = {one.subject.series_id or one.subject.node_id: one.value for one in answer.totals}
            by_samples = {of.pk: by_hand(s, start, end, 9999 * DAY, how).get(start) for of, s in stored.items()}

            assert answer.source == "hourly"
            assert found == pytest.approx(by_samples, rel=1e-6), (metric, how)


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


def test_years_are_answered_by_days_and_the_newest_of_them_by_what_is_not_rolled_up() -> None:
    world, node = World(NOW), make.node()
    world.add_vitals(node, {NOW - n * 3 * HOUR: float(n % 100) for n in range(50)})
    with acting_as("omega_worker"):
        roll_up()
    world.add_vitals(node, {NOW - MINUTE: 77.0})
    query = Query("cpu_percent", NOW - 100 * DAY, NOW, step=86_400, aggregation=Aggregation.MAX)

    answer = run(query, NOW)

    assert answer.source == "daily"
    assert told(answer) == nearly(wanted(world, query, answer))


def test_gaps_are_gaps_or_what_was_before_or_nothing_at_all() -> None:
    world, node = World(NOW), make.node()
    start = NOW - 2 * HOUR
    world.add_vitals(node, {start: 1.0, start + 30 * MINUTE: 2.0})

    def values(fill: Fill) -> list[float | None]:
        query = Query("cpu_percent", start, start + HOUR, step=600, fill=fill)
        return [point.value for point in run(query, NOW).series[0].points]

    assert values(Fill.NULL) == [1.0, None, None, 2.0, None, None, None]
    assert values(Fill.NONE) == [1.0, 2.0]
    assert values(Fill.PREVIOUS) == [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0]


def test_chosen_step_is_twice_the_distance_of_samples_so_that_only_a_missing_one_shows() -> None:
    world, node = World(NOW), make.node()
    world.add_vitals(node, {NOW - n * MINUTE: 5.0 for n in range(1, 61)})

    answer = run(Query("cpu_percent", NOW - HOUR, NOW, max_points=5000), NOW)

    assert answer.step_seconds == 120
    assert [point for point in answer.series[0].points[:-1] if point.value is None] == []


def test_band_holds_least_and_greatest_of_each_step_beside_any_value() -> None:
    world, node = World(NOW), make.node()
    world.add_vitals(node, {NOW - n * MINUTE: float(n) for n in range(60)})

    for how in (Aggregation.AVG, Aggregation.P95, Aggregation.LAST):
        points = run(Query("cpu_percent", NOW - HOUR, NOW, step=900, band=True, aggregation=how), NOW).series[0].points
        assert all(p.minimum <= p.value <= p.maximum for p in points if p.value is not None)  # type: ignore[operator]
        assert {p.maximum - p.minimum for p in points[1:-1]} == {14.0}  # type: ignore[operator]


def test_top_names_the_greatest_or_least_over_the_whole_span_in_their_order() -> None:
    world = World(NOW)
    for number in range(6):
        world.add_vitals(make.node(hostname=f"n{number}"), {NOW - n * MINUTE: number * 10.0 for n in range(1, 200)})
    make.node(hostname="silent")

    answer = run(Query("cpu_percent", NOW - 3 * HOUR, NOW, top=2), NOW)
    lowest = instant(Window("cpu_percent", NOW - 3 * HOUR, NOW, top=2, lowest=True), NOW)

    assert [(one.subject.hostname, one.total) for one in answer.series] == [("n5", 50.0), ("n4", 40.0)]
    assert answer.is_truncated
    assert [(one.subject.hostname, one.value) for one in lowest.totals] == [("n0", 0.0), ("n1", 10.0)]


def test_deltas_are_summed_over_the_step_and_what_goes_up_and_down_has_no_rate() -> None:
    world, node = World(NOW), make.node()
    start = NOW - 2 * HOUR
    world.add_counts(series_of(node, "bytes", kind="delta"), {start + n * MINUTE: 60.0 for n in range(60)})
    world.add_counts(series_of(node, "depth", kind="gauge"), {start: 1.0})

    answer = run(Query("bytes", start, start + HOUR, step=600, aggregation=Aggregation.RATE), NOW)

    assert {p.value for p in answer.series[0].points[1:-1]} == {1.0}
    for metric in ("depth", "cpu_percent"):
        with pytest.raises(Invalid) as refusal:
            run(Query(metric, start, NOW, aggregation=Aggregation.RATE), NOW)
        assert (refusal.value.code, refusal.value.field) == ("not_a_counter", "aggregation")


def test_other_tenants_rows_are_not_there() -> None:
    world, other = World(NOW), make.tenant()
    theirs, ours = make.node(tenant=other, hostname="theirs"), make.node(hostname="ours")
    for node in (theirs, ours):
        world.add_vitals(node, {NOW - n * MINUTE: 1.0 for n in range(180)})
        world.add_counts(series_of(node, "jobs", kind="gauge"), {NOW - MINUTE: 1.0})
    with acting_as("omega_worker"):
        roll_up()
    person = RequestContext(user_role="READONLY", tenant_ids=str(ours.tenant_id))

    with acting(person), acting_as("omega_portal"):
        for metric in ("cpu_percent", "jobs"):
            assert [one.subject.hostname for one in run(Query(metric, NOW - 3 * HOUR, NOW), NOW).series] == ["ours"]
            window = Window(metric, NOW - 3 * HOUR, NOW)
            assert [one.subject.hostname for one in instant(window, NOW).totals] == ["ours"]
            with pytest.raises(NotFound):
                run(Query(metric, NOW - HOUR, NOW, Selector(nodes=(theirs.pk,))), NOW)
    with acting(RequestContext()), acting_as("omega_portal"):
        assert run(Query("cpu_percent", NOW - HOUR, NOW), NOW).series == []


@pytest.mark.parametrize("count", [1, 12])
@pytest.mark.parametrize(
    ("ask", "most"),
    [
        (lambda: run(Query("cpu_percent", NOW - HOUR, NOW), NOW), 8),
        (lambda: run(Query("cpu_percent", NOW - 5 * DAY, NOW, aggregation=Aggregation.P95), NOW), 9),
        (lambda: run(Query("cpu_percent", NOW - 5 * DAY, NOW, top=3), NOW), 11),
        (lambda: instant(Window("cpu_percent", NOW - DAY, NOW, top=5), NOW), 9),
        (lambda: run(Query("jobs", NOW - 5 * DAY, NOW, by=("hostname",)), NOW), 9),
    ],
)
def test_number_of_statements_does_not_grow_with_the_fleet(ask: Callable[[], object], most: int, count: int) -> None:
    world = World(NOW)
    for _ in range(count):
        node = make.node()
        world.add_vitals(node, {NOW - n * MINUTE: 1.0 for n in range(10)})
        world.add_counts(series_of(node, "jobs", kind="gauge"), {NOW - MINUTE: 1.0})

    with CaptureQueriesContext(connection) as statements:
        ask()

    assert len(statements) <= most, [each["sql"][:100] for each in statements]


def test_question_that_takes_too_long_is_refused_and_the_page_goes_on() -> None:
    with acting_as("omega_portal"), connection.cursor() as cursor:
        with pytest.raises(Invalid) as refusal, bounded(KeptTable.USAGE_METRICS, NOW, longest="50ms"):
            cursor.execute("SELECT pg_sleep(20)")
        cursor.execute("SELECT current_setting('statement_timeout')")
        assert cursor.fetchone() == ("0",)

    assert refusal.value.code == "too_expensive"


def test_what_works_in_the_background_has_no_such_limit() -> None:
    with acting_as("omega_worker"), bounded(KeptTable.USAGE_METRICS, NOW), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_series_of_the_portal_itself_have_no_node() -> None:
    with acting_as("omega_worker"):
        own = series_of(None, "portal_jobs", kind="gauge")
    assert MetricSeries.objects.filter(pk=own.pk, node=None).exists()

    answer = run(Query("portal_jobs", NOW - HOUR, NOW), NOW)

    assert [(one.subject.node_id, one.subject.series_id) for one in answer.series] == [(None, own.pk)]


def test_series_of_no_node_are_answered_over_any_span() -> None:
    own = series_of(None, "portal_jobs", kind="gauge")
    with acting_as("omega_worker"):
        moments = [NOW - n * 50 * MINUTE for n in range(1, 90)]
        MetricSample.objects.bulk_create(MetricSample(series=own, time=at, value=n) for n, at in enumerate(moments))
        roll_up(now=NOW)

    steps = {at.replace(hour=at.hour // 2 * 2, minute=0) for at in moments}
    for how in (Aggregation.AVG, Aggregation.P95, Aggregation.COUNT):
        answer = run(Query("portal_jobs", NOW - 4 * DAY, NOW, aggregation=how, step=7200), NOW)
        assert set(told(answer)[own.pk]) == steps, how


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
