"""Samples by the handful, written as the roles that write them."""

from collections.abc import Callable, Mapping
from datetime import datetime

import pytest

from apps.core.timescale.tier import Tier, tier_of
from apps.metrics.models import UsageMetric, UsageRollupQueue
from apps.metrics.services import queue_hours, roll_up
from apps.nodes.models import Node
from tests.database import acting_as
from tests.processes import wait_for

Store = Callable[[Node, Mapping[datetime, Mapping[str, float | None]]], None]


def hour_of(at: datetime) -> datetime:
    """Return the start of the hour a sample belongs to."""
    return at.replace(minute=0, second=0, microsecond=0)


def store_samples(node: Node, samples: Mapping[datetime, Mapping[str, float | None]]) -> None:
    """Write samples and queue their hours, as the ingest door does."""
    UsageMetric.objects.bulk_create(UsageMetric(node=node, timestamp=at, **vitals) for at, vitals in samples.items())
    queue_hours([(node.pk, hour_of(at)) for at in samples], now=max(samples))


def roll_up_all() -> None:
    """Roll up until nothing is left to do: hours stay queued as long as any transaction of the server could write."""
    wait_for(lambda: roll_up() == 0 and not UsageRollupQueue.objects.exists())


@pytest.fixture
def kept_by_job(django_db_setup: None) -> None:
    """For tests of the job that keeps roll-ups where no continuous aggregates are."""
    if tier_of() is Tier.TIMESCALE:
        pytest.skip("this server keeps its roll-ups itself")


@pytest.fixture
def store(db: None) -> Store:
    """Return a way to store samples and roll their hours up within the test's transaction."""

    def samples_of(node: Node, samples: Mapping[datetime, Mapping[str, float | None]]) -> None:
        with acting_as("omega_worker"):
            store_samples(node, samples)
            roll_up()

    return samples_of
