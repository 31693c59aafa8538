"""The hourly roll-up is what the samples say, however often and in whatever order they come."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.metrics.models import UsageHourly, UsageMetric, UsageRollupQueue
from apps.metrics.services import queue_hours, roll_up
from apps.metrics.vitals import ROLLED, SMALLEST, VITALS
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as
from tests.metrics.conftest import Store, hour_of, roll_up_all

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
WATCHED = ("cpu_percent", "net_recv_mb_s", "process_count", "gpu_temp")


def measured(highest: float) -> st.SearchStrategy[float]:
    """Return values as the door stores them: those next to zero are zero."""
    return st.floats(0, highest, width=32).map(lambda value: value if value >= SMALLEST else 0)


SAMPLE = st.fixed_dictionaries(
    {
        "cpu_percent": st.none() | measured(100),
        "net_recv_mb_s": st.none() | measured(1e6),
        "process_count": st.none() | st.integers(0, 10**6),
    }
)
SAMPLES = st.dictionaries(
    st.integers(0, 3 * 3600 - 1).map(lambda second: START + timedelta(seconds=second)), SAMPLE, min_size=1, max_size=25
)
MANY = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def by_hand(values: Sequence[float]) -> dict[str, float | None]:
    """Compute a roll-up from the values themselves; the percentile lies between its neighbours in proportion."""
    if not values:
        return dict.fromkeys(ROLLED)
    ordered = sorted(values)
    place = 0.95 * (len(ordered) - 1)
    below = ordered[int(place)]
    above = ordered[min(int(place) + 1, len(ordered) - 1)]
    p95 = below + (above - below) * (place - int(place))
    return {"avg": sum(ordered) / len(ordered), "min": ordered[0], "max": ordered[-1], "p95": p95}


def rolled(node: Node) -> dict[datetime, dict[str, float | None]]:
    """Return the roll-up of the watched vitals by hour, with how many samples it is of."""
    columns = [f"{vital}_{kind}" for vital in WATCHED for kind in ROLLED]
    rows = UsageHourly.objects.filter(node=node).values("bucket", "sample_count", *columns)
    return {row.pop("bucket"): row for row in rows}


def expected(samples: dict[datetime, dict[str, float | None]]) -> dict[datetime, object]:
    """Return what the roll-up must be, as far as four-byte floats can say it."""
    found: dict[datetime, object] = {}
    for hour in {hour_of(at) for at in samples}:
        inside = [vitals for at, vitals in samples.items() if hour_of(at) == hour]
        row: dict[str, float | None] = {"sample_count": len(inside)}
        for vital in WATCHED:
            values = by_hand([value for vitals in inside if (value := vitals.get(vital)) is not None])
            row |= {f"{vital}_{kind}": value for kind, value in values.items()}
        found[hour] = pytest.approx(row, rel=1e-5, abs=1e-5)
    return found


@MANY
@given(samples=SAMPLES)
def test_roll_up_is_what_one_would_compute_by_hand(
    samples: dict[datetime, dict[str, float | None]], store: Store
) -> None:
    node = make.node()
    store(node, samples)

    assert rolled(node) == expected(samples)


@MANY
@given(samples=SAMPLES, late=st.integers(1, 24))
def test_samples_that_come_late_count_like_the_others(
    samples: dict[datetime, dict[str, float | None]], late: int, store: Store
) -> None:
    node, times = make.node(), list(samples)
    for part in (times[late:], times[:late]):
        if part:
            store(node, {at: samples[at] for at in part})

    assert rolled(node) == expected(samples)


def test_hours_of_other_nodes_are_left_alone(store: Store) -> None:
    one, other = make.node(), make.node()
    store(one, {START: {"cpu_percent": 10.0}})
    store(other, {START: {"cpu_percent": 90.0}})

    assert [rolled(node)[START]["cpu_percent_avg"] for node in (one, other)] == [10.0, 90.0]


def test_every_vital_is_rolled_up(store: Store) -> None:
    node = make.node()
    store(node, {START: dict.fromkeys(VITALS, 7), START + timedelta(minutes=1): dict.fromkeys(VITALS, 9)})

    row = UsageHourly.objects.values().get(node=node)
    found = {name: tuple(row[f"{name}_{kind}"] for kind in ROLLED) for name in VITALS}
    assert found == {name: (8.0, 7.0, 9.0, pytest.approx(8.9)) for name in VITALS}


def test_boundary_belongs_to_the_hour_that_begins(store: Store) -> None:
    node = make.node()
    hour = timedelta(hours=1)
    store(node, {START: {}, START + hour - timedelta(microseconds=1): {}, START + hour: {}})

    assert {at: row["sample_count"] for at, row in rolled(node).items()} == {START: 2, START + hour: 1}


@pytest.mark.usefixtures("kept_by_job")
def test_doing_it_again_changes_nothing_and_what_is_done_leaves_the_queue(store: Store) -> None:
    node = make.node()
    store(node, {START: {"cpu_percent": 10.0}, START + timedelta(minutes=5): {"cpu_percent": None}})
    before = rolled(node)
    with acting_as("omega_worker"):
        roll_up_all()
        idle = roll_up()
        queue_hours([(node.pk, START)], now=START)
        again = roll_up()
        roll_up_all()

    assert (idle, again, rolled(node)) == (0, 1, before)


def test_hour_named_twice_is_queued_once(store: Store) -> None:
    node = make.node()
    with acting_as("omega_worker"):
        queue_hours([(node.pk, START), (node.pk, START)], now=START)
        queue_hours([(node.pk, START)], now=START + timedelta(minutes=1))
        touched = list(UsageRollupQueue.objects.values_list("touched_at", flat=True))

    assert touched == [START + timedelta(minutes=1)]


@pytest.mark.usefixtures("kept_by_job")
def test_limit_leaves_the_rest_for_the_next_run() -> None:
    node = make.node()
    with acting_as("omega_worker"):
        queue_hours([(node.pk, START - timedelta(hours=n)) for n in range(450)], now=START)
        progress: list[int] = []
        done = roll_up(limit=200, on_progress=progress.append)
        rest = roll_up(on_progress=progress.append)
        roll_up_all()

    assert (done, rest, progress) == (200, 250, [200, 200, 50])


@pytest.mark.usefixtures("kept_by_job")
def test_portal_may_read_the_roll_up_and_only_the_worker_may_write_it(store: Store) -> None:
    node = make.node()
    store(node, {START: {"cpu_percent": 1.0}})
    with acting_as("data_collector"):
        UsageMetric.objects.bulk_create([UsageMetric(node=node, timestamp=START + timedelta(seconds=1))])
        queue_hours([(node.pk, START)], now=START)
    for role in ("omega_portal", "data_collector"):
        with pytest.raises(Exception, match="permission denied"), acting_as(role):
            roll_up()

    assert rolled(node)[START]["sample_count"] == 1
