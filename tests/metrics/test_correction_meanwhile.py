"""What goes on beside a correction: samples that arrive, numbers that are too large, and corrections that fail."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection

from apps.core.errors import Conflict, Forbidden
from apps.metrics.models import MetricHourly, MetricSample, MetricSeries, SampleCorrection, UsageMetric
from apps.metrics.selectors.correction import Subject, preview
from apps.metrics.services import roll_up
from apps.metrics.services.correction import request_correction, request_retry
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as
from tests.metrics.correcting import HOUR, MINUTE, blank, correct, noon_before, undo, vitals, whole, work, wrong_node

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
Once = Callable[..., None]


@pytest.fixture
def noon(now: datetime) -> datetime:
    """Yesterday, 12:00 UTC."""
    return noon_before(now)


@pytest.fixture
def node(db: None, noon: datetime) -> Node:
    """A node with a sample a minute from 11:00 to 14:00."""
    return wrong_node(noon)


@pytest.fixture
def once(db: None) -> Once:
    """Return a way to have the database do something right after a statement that keeps old values."""

    def after_keeping(table: str, what: str, **values: object) -> None:
        with acting_as(connection.settings_dict["USER"]), connection.cursor() as cursor:
            cursor.execute(
                f"CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
                f" $$ BEGIN {what.format(**values)}; RETURN NULL; END $$"
            )
            cursor.execute(
                f"CREATE TRIGGER meanwhile AFTER INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION meanwhile()"
            )

    return after_keeping


def a_series(node: Node, values: dict[datetime, float]) -> MetricSeries:
    """Return a series of the node."""
    with acting_as("omega_worker"):
        series = MetricSeries.objects.create(
            tenant=node.tenant, node=node, metric_type="queue", last_sample_at=max(values)
        )
        MetricSample.objects.bulk_create(MetricSample(series=series, time=at, value=v) for at, v in values.items())
    return series


@pytest.mark.parametrize("kind", ["remove", "set_null"])
def test_vitals_that_arrive_while_others_are_taken_away_are_not_lost(
    node: Node, noon: datetime, now: datetime, once: Once, kind: str
) -> None:
    late = noon + MINUTE / 2
    once(
        "corrected_usage",
        'INSERT INTO public.usage_metrics (node_id, "timestamp", cpu_percent, ram_percent)'
        " VALUES ('{node}', '{late}', 7, 8)",
        node=node.pk,
        late=late,
    )

    row = correct(
        whole(node, noon, noon + HOUR) if kind == "remove" else blank(node, noon, noon + HOUR, "cpu_percent"), now
    )

    with acting_as("omega_worker"):
        assert UsageMetric.objects.get(node=node, timestamp=late).cpu_percent == 7.0
    assert (row.state, row.rows_affected) == ("applied", 60)
    undo(row, now)
    assert len(vitals(node)) == 181


def test_a_value_that_arrives_for_a_moment_already_kept_is_not_lost(
    node: Node, noon: datetime, now: datetime, once: Once
) -> None:
    with acting_as("omega_worker"):
        UsageMetric.objects.filter(node=node, timestamp=noon).update(cpu_percent=None)
    once(
        "corrected_usage",
        "UPDATE public.usage_metrics SET cpu_percent = 7 WHERE node_id = '{node}' AND timestamp = '{noon}'",
        node=node.pk,
        noon=noon,
    )

    correct(blank(node, noon, noon + HOUR, "cpu_percent", "ram_percent"), now)

    with acting_as("omega_worker"):
        found = UsageMetric.objects.get(node=node, timestamp=noon)
    assert (found.cpu_percent, found.ram_percent) == (7.0, None)


def test_samples_of_a_series_that_arrive_meanwhile_are_not_lost(
    node: Node, noon: datetime, now: datetime, once: Once
) -> None:
    series = a_series(node, {noon + n * MINUTE: float(n) for n in range(10)})
    once(
        "corrected_samples",
        "INSERT INTO public.metric_samples (series_id, time, value) VALUES ({series}, '{late}', 7)",
        series=series.pk,
        late=noon + MINUTE / 2,
    )

    row = correct(Subject(node, series, (), "remove", noon, noon + HOUR), now)

    with acting_as("omega_worker"):
        assert [one.value for one in MetricSample.objects.filter(series=series)] == [7.0]
    undo(row, now)
    with acting_as("omega_worker"):
        assert MetricSample.objects.filter(series=series).count() == 11


def test_what_arrives_after_a_correction_is_rolled_up(node: Node, noon: datetime, now: datetime) -> None:
    series = a_series(node, {noon + n * HOUR: float(n) for n in (-10, 0, 1)})

    row = correct(Subject(node, series, (), "remove", noon, noon + 2 * HOUR), now)
    series.refresh_from_db()
    assert series.last_sample_at == noon - 10 * HOUR
    undo(row, now)

    with acting_as("omega_worker"):
        roll_up()
    if MetricHourly.objects.filter(series=series).exists():
        assert MetricHourly.objects.filter(series=series, bucket__in=[noon, noon + HOUR]).count() == 2


@pytest.mark.parametrize("value", [1e155, 1e200, 1.7e308])
def test_samples_that_are_far_too_large_can_be_taken_away(
    node: Node, noon: datetime, now: datetime, value: float
) -> None:
    samples = {noon: 1.0, noon + MINUTE: value, noon + 2 * MINUTE: value, noon + 3 * MINUTE: -value}
    series = a_series(node, samples)
    subject = Subject(node, series, (), "remove", noon, noon + HOUR)

    assert preview(subject, now=now).figures["value"]["max"] == value
    row = correct(subject, now)

    assert (row.state, row.before["value"]["count"]) == ("applied", 4)
    undo(row, now)
    with acting_as("omega_worker"):
        assert {one.time: one.value for one in MetricSample.objects.filter(series=series)} == samples


def broken(node: Node, noon: datetime, now: datetime, once: Once) -> SampleCorrection:
    """Return a correction that the database refuses to do."""
    once(
        "corrected_usage",
        "IF current_setting('test.mended', true) IS DISTINCT FROM 'yes' AND EXISTS (SELECT FROM public.corrected_usage"
        " JOIN public.sample_corrections USING (correction_id) WHERE node_id = '{node}')"
        " THEN RAISE EXCEPTION 'the sky fell' USING ERRCODE = 'data_exception'; END IF",
        node=node.pk,
    )
    return request_correction(actor=make.user("ADMIN"), subject=whole(node, noon, noon + HOUR), reason="x", now=now)


def mend() -> None:
    """Take away what made the database refuse."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL test.mended = 'yes'")


def test_a_correction_that_fails_says_why_and_holds_up_no_other(
    node: Node, noon: datetime, now: datetime, once: Once
) -> None:
    raw, other = vitals(node), wrong_node(noon)
    first = broken(node, noon, now, once)
    second = request_correction(
        actor=make.user("ADMIN"), subject=whole(other, noon, noon + HOUR), reason="y", now=now + MINUTE
    )

    work(now)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("failed", "applied")
    assert "the sky fell" in first.failure
    assert vitals(node) == raw


def test_a_correction_that_failed_is_tried_again_by_a_person(
    node: Node, noon: datetime, now: datetime, once: Once
) -> None:
    row = broken(node, noon, now, once)
    work(now)
    with pytest.raises(Forbidden):
        request_retry(actor=make.user("DEVOPS"), correction=row)
    mend()

    request_retry(actor=make.user("ADMIN"), correction=row)
    work(now)

    row.refresh_from_db()
    assert (row.state, row.rows_affected, row.failure) == ("applied", 60, "")
    with pytest.raises(Conflict, match="failed"):
        request_retry(actor=make.user("ADMIN"), correction=row)


def test_a_correction_that_failed_can_be_undone(node: Node, noon: datetime, now: datetime, once: Once) -> None:
    raw, row = vitals(node), broken(node, noon, now, once)
    work(now)

    assert (undo(row, now).state, vitals(node)) == ("undone", raw)
