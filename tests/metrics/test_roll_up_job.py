"""The job behind the roll-ups: open hours keep their mark, days follow hours, series are rolled up like vitals."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.db import transaction

from apps.metrics.models import (
    MetricHourly,
    MetricSample,
    MetricSeries,
    NodeLatest,
    UsageDaily,
    UsageHourly,
    UsageMetric,
    UsageRollupQueue,
    UsageSketch,
)
from apps.metrics.queries import Aggregation, Selector, Source, Window
from apps.metrics.selectors.query import instant
from apps.metrics.services import queue_hours, refresh, roll_up
from apps.metrics.services.rollup import finished_until, roll_up_hours
from apps.metrics.sketch import count, quantile, sketch
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as
from tests.metrics.conftest import Store, roll_up_all
from tests.roles import serving_as

pytestmark = pytest.mark.data_layer
START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def node(db: None, kept_by_job: None) -> Iterator[Node]:
    """A node, seen by the worker."""
    made = make.node()
    with acting_as("omega_worker"):
        yield made


def put(node: Node, *moments: datetime, cpu: float = 1.0) -> None:
    """Write samples without marking their hours, as a door does that marked the hour before."""
    UsageMetric.objects.bulk_create([UsageMetric(node=node, timestamp=at, cpu_percent=cpu) for at in moments])


def counted(node: Node) -> list[int]:
    """Return of how many samples each hour's roll-up is."""
    return list(UsageHourly.objects.filter(node=node).order_by("bucket").values_list("sample_count", flat=True))


def test_open_hour_is_computed_now_and_then_and_keeps_its_mark_until_it_is_over(node: Node) -> None:
    put(node, START)
    queue_hours([(node.pk, START)], now=START)
    first = roll_up(now=START + MINUTE), counted(node)
    put(node, START + 5 * MINUTE)
    soon = roll_up(now=START + 6 * MINUTE), counted(node)
    later = roll_up(now=START + 17 * MINUTE), counted(node)
    put(node, START + 59 * MINUTE)
    just_over = roll_up(now=START + 60.5 * MINUTE), UsageRollupQueue.objects.count()
    roll_up(now=START + 62 * MINUTE)

    assert (first, soon, later) == ((1, [1]), (0, [1]), (1, [2]))
    assert just_over == (1, 1)
    assert (counted(node), UsageRollupQueue.objects.count()) == ([3], 0)


def test_day_is_computed_from_its_samples_when_it_is_over_and_again_for_late_ones(node: Node) -> None:
    day = START.replace(hour=0)
    moments = [day + n * timedelta(seconds=97) for n in range(800)]
    for n, at in enumerate(moments):
        put(node, at, cpu=float(n % 100))
    hours = {(node.pk, at.replace(minute=0, second=0)) for at in moments}
    queue_hours(hours, now=START)
    roll_up(now=day + 23 * HOUR)
    before_midnight = UsageDaily.objects.count()
    roll_up(now=day + 25 * HOUR)
    first = UsageDaily.objects.values("bucket", "sample_count", "cpu_percent_max").get(node=node)
    put(node, day + 23 * HOUR, cpu=500.0)
    queue_hours([(node.pk, day + 23 * HOUR)], now=day + 30 * HOUR)
    roll_up(now=day + 31 * HOUR)
    row = UsageDaily.objects.get(node=node)

    assert before_midnight == 0
    assert first == {"bucket": day, "sample_count": 800, "cpu_percent_max": 99.0}
    assert (row.sample_count, row.cpu_percent_max) == (801, 500.0)
    assert quantile(bytes(row.cpu_percent_sketch), 0.5) == pytest.approx(49.5, abs=1)
    assert count(bytes(row.cpu_percent_sketch)) == pytest.approx(801, abs=2)


def test_hours_have_sketches_when_they_are_over_and_each_only_of_what_was_measured(node: Node) -> None:
    for n in range(30):
        put(node, START + n * MINUTE, cpu=float(n))
    queue_hours([(node.pk, START)], now=START)
    roll_up(now=START + 31 * MINUTE)
    open_hour = (UsageHourly.objects.get().cpu_percent_count, UsageSketch.objects.count())
    roll_up(now=START + 2 * HOUR)
    rows = {row.vital: row for row in UsageSketch.objects.all()}

    assert open_hour == (30, 0)
    assert set(rows) == {"cpu_percent"}
    row = rows["cpu_percent"]
    assert (row.node_id, row.bucket, row.value_count, bytes(row.sketch)) == (node.pk, START, 30, sketch(range(30)))
    assert row.p95 == UsageHourly.objects.get().cpu_percent_p95


def test_hours_whose_sketches_are_no_longer_kept_get_none(node: Node) -> None:
    for days in (89, 91):
        put(node, START - days * 24 * HOUR)
        queue_hours([(node.pk, START - days * 24 * HOUR)], now=START)
    roll_up(now=START)

    assert UsageHourly.objects.count() == 2
    assert list(UsageSketch.objects.values_list("bucket", flat=True)) == [START - 89 * 24 * HOUR]


def test_series_of_a_node_are_rolled_up_with_its_hours(node: Node) -> None:
    of = {"tenant": node.tenant, "node": node}
    requests = MetricSeries.objects.create(metric_type="requests_total", **of)
    other = MetricSeries.objects.create(metric_type="of another", tenant=node.tenant, node=make.node())
    values = [5.0, 9.0, 2.0, 2.0, 1.7e308]
    for series in (requests, other):
        MetricSample.objects.bulk_create(
            [MetricSample(series=series, time=START + n * MINUTE, value=value) for n, value in enumerate(values)]
        )
    queue_hours([(node.pk, START)], now=START)
    roll_up()

    row = MetricHourly.objects.values().get()
    assert (row["series_id"], row["bucket"], row["sample_count"]) == (requests.pk, START, 5)
    assert (row["min"], row["max"], row["first_value"], row["last_value"]) == (2.0, 1.7e308, 5.0, 1.7e308)
    assert (row["first_at"], row["last_at"]) == (START, START + 4 * MINUTE)
    assert row["increase"] == 4.0 + 2.0 + 0.0 + (1e300 - 2.0)
    assert quantile(bytes(row["sketch"]), 0.5) == 5.0


def test_hour_whose_samples_are_gone_has_no_roll_up(node: Node, store: Store) -> None:
    store(node, {START: {"cpu_percent": 1.0}, START + HOUR: {"cpu_percent": 2.0}})
    UsageMetric.objects.filter(node=node, timestamp__lt=START + HOUR).delete()
    queue_hours([(node.pk, START)], now=START)
    roll_up()

    assert list(UsageHourly.objects.values_list("bucket", flat=True)) == [START + HOUR]


def test_refresh_computes_a_span_at_once_for_one_node_or_for_all(node: Node, store: Store) -> None:
    other = make.node()
    make.latest(node, START + MINUTE, cpu_percent=900.0)
    for each in (node, other):
        store(each, {START: {"cpu_percent": 1.0}, START + MINUTE: {"cpu_percent": 900.0}})
    UsageMetric.objects.filter(cpu_percent=900.0).delete()
    now = START + 40 * HOUR

    one = refresh(node_ids=[node.pk], start=START, end=START + HOUR, now=now)
    alone = [counted(each) for each in (node, other)]
    every = refresh(node_ids=None, start=START - HOUR, end=START + HOUR, now=now)

    assert (one, alone, every) == (1, [[1], [2]], 4)
    assert [counted(each) for each in (node, other)] == [[1], [1]]
    assert UsageDaily.objects.filter(node=node).values_list("cpu_percent_max", flat=True)[0] == 1.0
    latest = NodeLatest.objects.get(node=node)
    assert (latest.at, latest.cpu_percent) == (START, 1.0)


def test_flush_that_commits_long_after_its_hour_is_not_missed(committed: None, kept_by_job: None) -> None:
    with serving_as("omega_portal"):
        node = make.node()
    written, may_commit = Event(), Event()

    def slow_door() -> None:
        with serving_as("data_collector"), transaction.atomic():
            put(node, START + 59 * MINUTE)
            written.set()
            may_commit.wait(20)

    with ThreadPoolExecutor(1) as door, serving_as("omega_worker"):
        put(node, START)
        queue_hours([(node.pk, START)], now=START)
        flush = door.submit(slow_door)
        written.wait(10)
        roll_up(now=START + 2 * HOUR)
        meanwhile = counted(node), UsageRollupQueue.objects.count()
        may_commit.set()
        flush.result(10)
        roll_up(now=START + 2 * HOUR + MINUTE)
        roll_up_all()
        assert (meanwhile, counted(node)) == (([1], 1), [2])


def test_batch_ends_where_it_would_hold_its_rows_for_long(node: Node) -> None:
    make_series = [MetricSeries(tenant=node.tenant, node=node, metric_type=f"m{number}") for number in range(45)]
    MetricSeries.objects.bulk_create(make_series)
    hours = [START - number * HOUR for number in range(5)]
    for hour in hours:
        put(node, hour)
    queue_hours([(node.pk, hour) for hour in hours], now=START)
    batches: list[int] = []

    done = roll_up(now=START + 2 * HOUR, batch=10, on_progress=batches.append)
    MetricSeries.objects.filter(node=node).delete()
    queue_hours([(node.pk, hour) for hour in hours], now=START)
    roll_up(now=START + 2 * HOUR, batch=10, on_progress=batches.append)

    # Of a hundred that ten hours may weigh, an hour with its 45 series weighs 55.
    assert (done, batches) == (5, [1, 1, 1, 1, 1, 5])


def test_roll_ups_outlive_their_samples(node: Node, store: Store) -> None:
    old = START - 60 * 24 * HOUR
    UsageHourly.objects.create(node=node, bucket=old, sample_count=60, cpu_percent_count=60, cpu_percent_avg=50.0)
    store(node, {START: {"cpu_percent": 1.0}})
    queue_hours([(node.pk, old)], now=START)
    roll_up()
    refresh(node_ids=[node.pk], start=old, end=old + HOUR, now=START)

    assert counted(node) == [60, 1]


def test_series_whose_noted_time_is_long_ago_is_in_the_hours_that_are_over(node: Node) -> None:
    series = MetricSeries.objects.create(
        metric_type="m", tenant=node.tenant, node=node, last_sample_at=START - 5 * HOUR
    )
    MetricSample.objects.bulk_create([MetricSample(series=series, time=START, value=2.0)])
    queue_hours([(node.pk, START)], now=START)
    roll_up(now=START + 2 * HOUR)
    late = MetricHourly.objects.count()
    MetricHourly.objects.all().delete()
    refresh(node_ids=[node.pk], start=START, end=START + HOUR, now=START)

    assert (late, MetricHourly.objects.count()) == (1, 1)


def test_newest_hours_and_days_are_computed_first(node: Node) -> None:
    hours = [START - number * HOUR for number in range(3)]
    for hour in hours:
        put(node, hour)
    queue_hours([(node.pk, hour) for hour in hours], now=START)
    roll_up(now=START + 2 * HOUR, limit=1, batch=1)

    assert list(UsageHourly.objects.filter(node=node).values_list("bucket", flat=True)) == [START]


def test_hour_between_the_ends_of_all_numbers_has_a_percentile(node: Node) -> None:
    series = MetricSeries.objects.create(metric_type="m", tenant=node.tenant, node=node)
    ends = {START: -1.7e308, START + MINUTE: 1.7e308}
    MetricSample.objects.bulk_create([MetricSample(series=series, time=at, value=value) for at, value in ends.items()])
    queue_hours([(node.pk, START)], now=START)
    roll_up()

    assert MetricHourly.objects.get().p95 == pytest.approx(0.9e300)


def test_day_that_waits_is_answered_from_its_samples(node: Node) -> None:
    day = START.replace(hour=0) - 20 * 24 * HOUR
    moments = [day + number * 6 * HOUR for number in range(72)]
    put(node, *moments)
    queue_hours([(node.pk, at) for at in moments], now=START)
    roll_up(now=START)
    put(node, moments[20] + MINUTE, cpu=99.0)
    queue_hours([(node.pk, moments[20])], now=START)
    hours_alone = finished_until(START)
    roll_up_hours(hours_alone, START, 100)
    asked = Window("cpu_percent", day, START, Selector(nodes=(node.pk,)), aggregation=Aggregation.MAX)
    answer = instant(asked, START)

    assert not UsageRollupQueue.objects.exists()
    assert (answer.source, answer.totals[0].value) == (Source.DAILY, 99.0)
