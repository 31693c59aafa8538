"""The query service gives the answers that the samples give, whichever storage it reads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.context import RequestContext, acting
from apps.core.errors import Invalid, NotFound
from apps.metrics.models import MetricSample, MetricSeries
from apps.metrics.models.retention_policy import KeptTable
from apps.metrics.queries import Aggregation, Fill, Query, Selector, Window
from apps.metrics.selectors.query import instant, run
from apps.metrics.selectors.query_limits import bounded
from apps.metrics.services import roll_up
from tests import make
from tests.database import acting_as
from tests.metrics.query_world import World, by_hand, nearly, random_world, series_of, told, wanted

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
