"""The generated fleet and its curves, without a database."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from apps.reports.testdata.archetypes import ARCHETYPES, Rhythm
from apps.reports.testdata.fleet import Fate, PlannedNode, plan_fleet, spread
from apps.reports.testdata.outages import boot_times, keep_mask, outages_of
from apps.reports.testdata.shapes import activity, noise
from apps.reports.testdata.tuples import Column, as_tuples, cores_column
from apps.reports.testdata.vitals import past_of

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
START = NOW - timedelta(days=30)
SECONDS = np.arange(START.timestamp(), NOW.timestamp(), 300.0)


def test_same_seed_same_fleet_and_a_larger_one_begins_with_it() -> None:
    small, large = plan_fleet(20, seed=7), plan_fleet(60, seed=7)
    assert large[:20] == small
    assert plan_fleet(20, seed=8) != small
    assert len({node.node_id for node in large}) == len({node.hostname for node in large}) == 60


def test_every_kind_of_machine_and_every_fate_is_in_a_fleet_of_a_hundred() -> None:
    fleet = plan_fleet(100, seed=1)
    assert {node.archetype.name for node in fleet} == {kind.name for kind in ARCHETYPES}
    assert {node.fate for node in fleet} == set(Fate)
    assert all(node.gpu_count > 0 for node in fleet if node.archetype.node_type == "gpu")


def test_kinds_are_spread_by_their_shares() -> None:
    found = spread([0.5, 0.3, 0.2], 10)
    assert [found.count(kind) for kind in range(3)] == [5, 3, 2]


@pytest.mark.parametrize("node", plan_fleet(30, seed=3), ids=lambda node: node.hostname)
def test_vitals_stay_within_what_the_ingest_door_would_take(node: PlannedNode) -> None:
    past = past_of(node, SECONDS, boot_times(START, outages_of(node, START, NOW)))
    for name, values in past.columns.items():
        assert np.isfinite(values).all(), name
        assert values.min() >= 0, name
        if name.endswith("percent") or name == "gpu_utilization":
            assert values.max() <= 100, name
    assert ("gpu_temp" in past.columns) == (node.gpu_count > 0)
    assert past.per_core.shape == (SECONDS.size, node.cores)


def test_an_office_works_on_weekdays_and_sleeps_at_night() -> None:
    hours = np.arange(0, 24 * 7, 0.25)
    busy = activity(Rhythm.OFFICE, np.random.default_rng(1), hours)
    tuesday_ten, tuesday_night, sunday_ten = (
        busy[(24 + 10) * 4],
        busy[(24 + 3) * 4],
        busy[(144 + 10) * 4],
    )
    assert tuesday_ten > 0.8
    assert tuesday_night < 0.05
    assert sunday_ten < 0.2


def test_noise_remembers_the_value_before() -> None:
    values = noise(np.random.default_rng(1), 20_000, memory=0.9)
    neighbours = np.corrcoef(values[:-1], values[1:])[0, 1]
    far_apart = np.corrcoef(values[:-100], values[100:])[0, 1]
    assert neighbours == pytest.approx(0.9, abs=0.03)
    assert abs(far_apart) < 0.1


def test_a_leaking_machine_climbs_until_it_is_restarted() -> None:
    node = next(node for node in plan_fleet(60, seed=1) if node.archetype.name == "memory leaker")
    ram = past_of(node, SECONDS, boot_times(START, [])).columns["ram_percent"]
    daily = ram[: 288 * 29].reshape(-1, 288).mean(axis=1)
    assert daily.max() - daily.min() > 25
    assert (np.diff(daily) < -15).any()


def test_samples_are_missing_exactly_during_outages_and_now_and_then() -> None:
    node = next(n for n in plan_fleet(60, seed=1) if len(outages_of(n, START, NOW)) >= 2)
    outages = outages_of(node, START, NOW)
    kept = SECONDS[keep_mask(node, SECONDS, outages)]
    for outage in outages:
        end = outage.end.timestamp() if outage.end else np.inf
        assert not ((kept >= outage.start.timestamp()) & (kept < end)).any()
    silent = sum(((o.end or NOW) - o.start).total_seconds() for o in outages) / 300
    assert SECONDS.size - silent - kept.size < SECONDS.size * 0.01


def test_cores_become_json_that_reads_back() -> None:
    column = cores_column("cpu_per_core", np.array([[0.0, 3.14, 45.67, 100.0]]))
    text = bytes(column.values[0])
    assert text[:1] == b"\x01"
    assert json.loads(text[1:]) == [0.0, 3.1, 45.7, 100.0]


def test_binary_tuples_count_fields_and_mark_null() -> None:
    found = as_tuples([Column("a", ">i4", np.array([1, 2])), Column("b", ">f4", None)], 2)
    assert found == bytes.fromhex("0002 00000004 00000001 ffffffff 0002 00000004 00000002 ffffffff".replace(" ", ""))
