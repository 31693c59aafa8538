"""`generate_test_data` on a database, as its owner."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Sum

from apps.audit.models import AuditLog
from apps.core.timescale.tier import Tier, tier_of
from apps.metrics.models import MetricSample, NodeLatest, ProcessSnapshot, UsageHourly, UsageMetric, UsageRollupQueue
from apps.nodes.models import Node, NodeApiKey, NodeLifecycleLog, NodeResource
from apps.reports.testdata.generate import Generated, Wanted, finish_roll_up, generate_fleet
from tests import make
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]


@pytest.fixture(autouse=True)
def as_owner(db: None) -> Iterator[None]:
    with acting_as("omega_owner"):
        yield


def run(now: datetime, **wanted: Any) -> Generated:
    usual = {"nodes": 24, "days": 2, "interval": timedelta(minutes=10), "seed": 1, **wanted}
    done = generate_fleet(Wanted(**usual), now=now, beside_real_nodes=False, progress=lambda _: None)
    finish_roll_up(lambda _: None)
    return done


def test_a_fleet_appears_with_history_roll_ups_and_present(now: datetime) -> None:
    done = run(now)
    assert done.new_nodes == Node.objects.count() == 24
    assert UsageMetric.objects.count() == done.samples > 24 * 200
    assert UsageHourly.objects.aggregate(Sum("sample_count"))["sample_count__sum"] == done.samples
    queued = UsageRollupQueue.objects.filter(rolled_at=None)
    assert not queued.exists() or tier_of() is Tier.TIMESCALE
    assert NodeLatest.objects.count() == UsageMetric.objects.aggregate(Count("node", distinct=True))["node__count"]
    assert MetricSample.objects.count() == done.custom_samples > 0
    assert ProcessSnapshot.objects.count() == done.processes > 0
    assert NodeResource.objects.filter(node__gpu_count__gt=0, resource_type="gpu").exists()
    assert NodeApiKey.objects.count() > 20
    assert AuditLog.objects.filter(action="TEST_DATA_GENERATED").count() == 1


def test_the_newest_sample_is_the_present_and_never_in_the_future(now: datetime) -> None:
    run(now)
    for latest in NodeLatest.objects.select_related("node"):
        sample = UsageMetric.objects.filter(node=latest.node).order_by("-timestamp").first()
        assert sample is not None
        assert latest.at.replace(microsecond=0) == sample.timestamp.replace(microsecond=0) <= now
        assert latest.cpu_percent == pytest.approx(sample.cpu_percent, abs=0.01)
        assert len(sample.cpu_per_core) == latest.node.total_cpu_cores


def test_healthy_nodes_stay_online_for_a_day_and_silent_ones_do_not(now: datetime) -> None:
    run(now)
    active = Node.objects.filter(status="active")
    assert active.count() > 15
    assert all(node.silent_after == now + timedelta(days=1) for node in active)
    offline = Node.objects.get(status="offline")
    assert offline.silent_after < now
    assert NodeLifecycleLog.objects.filter(node=offline).first().event_type == "WENT_OFFLINE"


def test_a_second_run_adds_nothing_and_a_later_one_extends(now: datetime) -> None:
    first = run(now)
    log = NodeLifecycleLog.objects.count()
    again = run(now)
    assert (again.new_nodes, again.samples, again.custom_samples, again.processes) == (0, 0, 0, 0)
    assert NodeLifecycleLog.objects.count() == log
    later = run(now + timedelta(hours=3), nodes=30)
    assert later.new_nodes == 6
    assert UsageMetric.objects.count() == first.samples + later.samples
    assert NodeLatest.objects.filter(at__gt=now).count() > 20


def test_the_same_seed_makes_the_same_numbers(now: datetime) -> None:
    def numbers() -> list[tuple[Any, ...]]:
        return list(
            UsageMetric.objects.order_by("node_id", "timestamp").values_list("node_id", "timestamp", "cpu_percent")[
                :500
            ]
        )

    run(now, nodes=3)
    first = numbers()
    UsageMetric.objects.all().delete()
    NodeLatest.objects.all().delete()
    Node.objects.all().delete()
    run(now, nodes=3)
    assert numbers() == first


def test_real_nodes_are_protected_unless_told(now: datetime) -> None:
    make.node(hostname="real")
    with pytest.raises(CommandError, match="real nodes"):
        run(now)
    assert Node.objects.count() == 1


def test_a_real_node_of_the_same_name_stops_everything(now: datetime) -> None:
    run(now, nodes=1)
    Node.objects.update(labels={})
    wanted = Wanted(nodes=3, days=1, interval=timedelta(minutes=10), seed=1)
    with pytest.raises(CommandError, match="real node is called"):
        generate_fleet(wanted, now=now, beside_real_nodes=True, progress=lambda _: None)
    assert Node.objects.count() == 1


@pytest.mark.parametrize("option", ["nodes", "days", "interval_minutes"])
def test_numbers_out_of_range_are_refused_by_name(option: str) -> None:
    with pytest.raises(CommandError, match=option.replace("_", "-")):
        call_command("generate_test_data", **{option: 0})
