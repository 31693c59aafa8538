"""The installation's state in Redis: counted over all tenants, gone when nobody keeps it, and missed by nobody."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import redis
from django.conf import settings
from pytest_django import Settings

from apps.core.cache import shared
from apps.metrics.services import tell_cluster_state
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator["redis.Redis"]:
    """The tests' own Redis."""
    shared._client.cache_clear()
    shared.breaker.open_until = 0.0
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        client.delete("cluster:state")
        yield client
    shared._client.cache_clear()
    shared.breaker.open_until = 0.0


def test_nodes_are_counted_and_fresh_values_averaged(server: "redis.Redis", now: datetime) -> None:
    make.latest(make.node(silent_after=now + timedelta(minutes=1)), now, cpu_percent=10.0, ram_percent=40.0)
    elsewhere = make.node(silent_after=now + timedelta(minutes=1), tenant=make.tenant())
    make.latest(elsewhere, now, cpu_percent=20.0, ram_percent=None)
    make.latest(make.node(silent_after=now - timedelta(minutes=1)), now, cpu_percent=99.0)
    make.node(status="offline")

    assert tell_cluster_state(now=now) == 4

    state = server.hgetall("cluster:state")
    assert state == {
        **{f"nodes_{status}": "0" for status in ("pending", "inactive", "maintenance", "error", "retired")},
        "nodes_active": "3", "nodes_offline": "1", "nodes_total": "4", "nodes_reporting": "2",
        "avg_cpu_percent": "15.00", "avg_ram_percent": "40.00", "as_of": now.isoformat(),
    }  # fmt: skip
    assert 0 < server.ttl("cluster:state") <= 30


def test_averages_are_empty_while_nobody_reports(server: "redis.Redis", now: datetime) -> None:
    assert tell_cluster_state(now=now) == 0

    assert server.hmget("cluster:state", "nodes_reporting", "avg_cpu_percent", "nodes_total") == ["0", "", "0"]


def test_without_redis_the_worker_goes_on(server: "redis.Redis", settings: Settings, now: datetime) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    make.node()

    assert tell_cluster_state(now=now) == 1
    assert not server.exists("cluster:state")
