"""Samples that are wrong are taken away everywhere, by whom and why is known, and they can be put back bit for bit."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.audit.models import AuditLog
from apps.core.errors import Invalid, NotFound
from apps.core.timescale.tier import Tier, tier_of
from apps.metrics.models import (
    CorrectedSample,
    CorrectedUsage,
    MetricSample,
    MetricSeries,
    NodeLatest,
    UsageMetric,
)
from apps.metrics.selectors.correction import Subject, affected, correction_of, preview
from apps.metrics.services.correction import request_correction
from apps.metrics.services.correction_work import advance_corrections
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as
from tests.metrics.correcting import (
    HOUR,
    MINUTE,
    blank,
    correct,
    hourly,
    kept,
    noon_before,
    undo,
    vitals,
    whole,
    work,
    wrong_node,
)

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]


@pytest.fixture
def noon(now: datetime) -> datetime:
    """Yesterday, 12:00 UTC."""
    return noon_before(now)


@pytest.fixture
def node(db: None, noon: datetime) -> Node:
    """A node with a sample a minute from 11:00 to 14:00."""
    return wrong_node(noon)


def test_removed_samples_are_gone_from_everywhere(node: Node, noon: datetime, now: datetime) -> None:
    row = correct(whole(node, noon, noon + 30 * MINUTE), now)

    assert (row.state, row.rows_affected) == ("applied", 30)
    assert len(vitals(node)) == 150
    assert hourly(node)[noon][0] == 30
    assert hourly(node)[noon][1] == pytest.approx(10.1)


def test_an_hour_without_any_sample_left_is_gone_too(node: Node, noon: datetime, now: datetime) -> None:
    correct(whole(node, noon, noon + HOUR), now)

    assert set(hourly(node)) == {noon - HOUR, noon + HOUR}


def test_one_column_becomes_unknown_and_the_others_stay(node: Node, noon: datetime, now: datetime) -> None:
    correct(blank(node, noon, noon + HOUR, "cpu_percent", "cpu_per_core"), now)

    with acting_as("omega_worker"):
        rows = UsageMetric.objects.filter(node=node, timestamp__gte=noon, timestamp__lt=noon + HOUR)
        found = set(rows.values_list("cpu_percent", "cpu_per_core", "ram_percent"))
    assert [(cpu, cores) for cpu, cores, _ in found] == [(None, None)]
    assert len(vitals(node)) == 180
    assert hourly(node)[noon] == (60, None)


def test_the_newest_vitals_are_what_the_newest_sample_says(node: Node, noon: datetime, now: datetime) -> None:
    correct(whole(node, noon + HOUR, noon + 3 * HOUR), now)
    latest = NodeLatest.objects.get(node=node)
    assert (latest.at, latest.uptime_seconds) == (noon + 59 * MINUTE, 1e6 + 59)

    correct(blank(node, noon, noon + HOUR, "cpu_percent"), now + MINUTE)
    latest.refresh_from_db()
    assert (latest.at, latest.cpu_percent) == (noon + 59 * MINUTE, None)

    correct(whole(node, noon - HOUR, noon + HOUR), now + 2 * MINUTE)
    assert not NodeLatest.objects.filter(node=node).exists()


def test_older_corrections_leave_the_newest_vitals_alone(node: Node, noon: datetime, now: datetime) -> None:
    before = NodeLatest.objects.values().get(node=node)

    correct(whole(node, noon, noon + HOUR), now)

    assert NodeLatest.objects.values().get(node=node) == before


def test_the_log_has_one_event_with_who_why_and_the_figures(node: Node, noon: datetime, now: datetime) -> None:
    correct(blank(node, noon, noon + 30 * MINUTE, "cpu_percent"), now)

    event = AuditLog.objects.get(resource_id=str(node.pk), action="SAMPLES_CORRECTED")
    assert (event.reason, event.user_role, event.resource_name) == ("sensor was broken", "ADMIN", node.hostname)
    assert event.details["rows_affected"] == 30
    assert event.details["before"]["cpu_percent"]["max"] == 98.0
    assert event.details["after"] == {}
    assert not AuditLog.objects.filter(action__startswith="SAMPLE_CORRECTION").exists()


def test_undo_puts_everything_back_bit_for_bit(node: Node, noon: datetime, now: datetime) -> None:
    raw, rolled = vitals(node), hourly(node)
    latest = NodeLatest.objects.values("at", "cpu_percent", "cpu_per_core").get(node=node)

    for subject in (whole(node, noon - HOUR, noon + 3 * HOUR), blank(node, noon, noon + 2 * HOUR, "cpu_percent")):
        now += MINUTE
        row = correct(subject, now)
        assert vitals(node) != raw
        row = undo(row, now)

        assert (row.state, row.rows_restored) == ("undone", row.rows_affected)
        assert (vitals(node), hourly(node)) == (raw, rolled)
        assert NodeLatest.objects.values("at", "cpu_percent", "cpu_per_core").get(node=node) == latest
    assert AuditLog.objects.filter(resource_id=str(node.pk), action="CORRECTION_UNDONE").count() == 2
    assert kept(CorrectedUsage) == 0


def test_undo_leaves_newer_samples_alone(node: Node, noon: datetime, now: datetime) -> None:
    row = correct(whole(node, noon, noon + 2 * MINUTE), now)
    make.usage(node, noon, cpu_percent=55.0)

    row = undo(row, now)

    with acting_as("omega_worker"):
        assert UsageMetric.objects.get(node=node, timestamp=noon).cpu_percent == 55.0
    assert (row.rows_affected, row.rows_restored) == (2, 1)


def a_series(node: Node, noon: datetime) -> MetricSeries:
    """Return a series of the node with ten samples."""
    with acting_as("omega_worker"):
        series = MetricSeries.objects.create(
            tenant=node.tenant, node=node, metric_type="queue", last_sample_at=noon + 9 * MINUTE
        )
        MetricSample.objects.bulk_create(
            [MetricSample(series=series, time=noon + n * MINUTE, value=n / 3) for n in range(10)]
        )
    return series


def test_samples_of_a_series_go_and_come_back(node: Node, noon: datetime, now: datetime) -> None:
    series = a_series(node, noon)
    subject = Subject(node, series, (), "remove", noon + 5 * MINUTE, noon + HOUR)

    row = correct(subject, now)
    series.refresh_from_db()
    with acting_as("omega_worker"):
        left = list(MetricSample.objects.filter(series=series).values_list("value", flat=True))
    assert (len(left), series.last_sample_at) == (5, noon + 4 * MINUTE)

    undo(row, now + MINUTE)
    series.refresh_from_db()
    with acting_as("omega_worker"):
        back = sorted(MetricSample.objects.filter(series=series).values_list("value", flat=True))
    assert (back, series.last_sample_at) == ([n / 3 for n in range(10)], noon + 9 * MINUTE)
    assert kept(CorrectedSample) == 0


def test_a_preview_says_what_would_change_and_changes_nothing(node: Node, noon: datetime, now: datetime) -> None:
    raw = vitals(node)
    found = preview(blank(node, noon, noon + 3 * HOUR, "cpu_percent"), now=now)

    assert (found.rows, found.hours, found.days, found.changes_latest) == (120, 2, 1, True)
    assert found.figures["cpu_percent"]["max"] == 98.0
    assert found.figures["cpu_percent"]["count"] == 120
    assert [values for _, values in found.first[:2]] == [[98.0], [98.0]]
    assert not preview(whole(node, noon, noon + HOUR), now=now).changes_latest
    assert vitals(node) == raw


def test_work_goes_on_where_a_killed_worker_stopped(node: Node, noon: datetime, now: datetime) -> None:
    make.usage(node, noon - timedelta(days=2), cpu_percent=50.0)
    subject = whole(node, noon - timedelta(days=2), noon + HOUR)
    row = request_correction(actor=make.user("ADMIN"), subject=subject, reason="x", now=now)
    with acting_as("omega_worker"):
        times = iter([now, now, now, now + HOUR])
        pieces = advance_corrections(clock=lambda: next(times))
    row.refresh_from_db()
    assert (pieces, row.state, row.rows_affected) == (1, "running", 1)
    assert 0 < row.percent < 100

    work(now)
    row.refresh_from_db()
    assert (row.state, row.rows_affected, row.percent) == ("applied", 121, 100)


def test_a_correction_of_another_node_is_not_found(node: Node, noon: datetime, now: datetime) -> None:
    row = correct(whole(node, noon, noon + HOUR), now)
    with pytest.raises(NotFound):
        correction_of(make.node(), row.pk)


REALS = st.none() | st.floats(0, 100, width=32)


class CorrectAndUndo(TestCase):
    """Whatever is corrected, undoing it is as if nothing had happened."""

    @settings(max_examples=15)
    @given(
        values=st.lists(st.tuples(st.integers(0, 89), REALS, REALS), min_size=1, max_size=20, unique_by=lambda v: v[0]),
        span=st.tuples(st.integers(0, 89), st.integers(1, 90)),
        columns=st.sets(st.sampled_from(["cpu_percent", "ram_percent"])),
    )
    def test_is_identity(
        self, values: list[tuple[int, float | None, float | None]], span: tuple[int, int], columns: set[str]
    ) -> None:
        now = datetime.now(UTC)
        begin = now.replace(minute=0, second=0, microsecond=0) - 5 * HOUR
        node = make.node()
        with acting_as("omega_worker"):
            UsageMetric.objects.bulk_create(
                [
                    UsageMetric(node=node, timestamp=begin + n * MINUTE, cpu_percent=cpu, ram_percent=ram)
                    for n, cpu, ram in values
                ]
            )
        raw = vitals(node)
        kind = "set_null" if columns else "remove"
        starts = begin + span[0] * MINUTE
        subject = Subject(node, None, tuple(sorted(columns)), kind, starts, starts + span[1] * MINUTE)
        if not affected(subject)[0].exists():
            with pytest.raises(Invalid, match="no such sample"):
                correct(subject, now)
            return
        row = correct(subject, now)
        assert row.rows_affected > 0 and vitals(node) != raw
        undo(row, now)
        assert vitals(node) == raw


def test_compressed_samples_are_corrected_and_put_back_alike(node: Node, noon: datetime, now: datetime) -> None:
    if tier_of() is not Tier.TIMESCALE:
        pytest.skip("this server does not compress")
    raw = vitals(node)
    with acting_as(connection.settings_dict["USER"]), connection.cursor() as cursor:
        cursor.execute("SELECT count(compress_chunk(c, true)) FROM show_chunks('public.usage_metrics') AS c")
        assert cursor.fetchone() != (0,)

    for subject in (whole(node, noon, noon + 30 * MINUTE), blank(node, noon, noon + HOUR, "cpu_percent")):
        now += MINUTE
        row = correct(subject, now)
        assert vitals(node) != raw
        undo(row, now)
        assert vitals(node) == raw
