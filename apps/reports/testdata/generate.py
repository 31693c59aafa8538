"""The verb of this package: make a fleet and its past, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.management import CommandError
from django.db import transaction

from apps.accounts.services import default_tenant
from apps.audit.models import Category
from apps.audit.services import record
from apps.core import live
from apps.core.context import because
from apps.metrics.services import roll_up
from apps.reports.testdata.extras import write_custom_metrics, write_processes
from apps.reports.testdata.fleet import plan_fleet
from apps.reports.testdata.history import make_room, queue_roll_up, write_history
from apps.reports.testdata.inventory import has_real_nodes, write_fleet

Progress = Callable[[int], object]
ROLL_UP_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to generate."""

    nodes: int
    days: int
    interval: timedelta
    seed: int


@dataclass(frozen=True, slots=True)
class Generated:
    """What was added."""

    new_nodes: int
    samples: int
    custom_samples: int
    processes: int
    hours_to_roll_up: int


@transaction.atomic
def generate_fleet(wanted: Wanted, *, now: datetime, beside_real_nodes: bool, progress: Progress) -> Generated:
    """Add what is missing of the wanted fleet and its past; all of it or nothing.

    A fleet made before is extended: its nodes stay what they are, and samples are added only before the first and
    after the last they have. Raises CommandError on a database with real nodes unless `beside_real_nodes`.
    """
    if has_real_nodes() and not beside_real_nodes:
        raise CommandError(
            "This database holds real nodes; generated ones would mix with them."
            " Give --yes-beside-real-nodes if that is what you want."
        )
    start = now - timedelta(days=wanted.days)
    tenant = default_tenant()
    make_room(start, now + timedelta(days=1))
    with because("generate_test_data"):
        members = write_fleet(plan_fleet(wanted.nodes, wanted.seed), tenant, start)
        samples = write_history(members, start, now, wanted.interval, progress)
        done = Generated(
            new_nodes=sum(member.is_new for member in members),
            samples=samples,
            custom_samples=write_custom_metrics(members, start, now, wanted.interval),
            processes=write_processes(members),
            hours_to_roll_up=queue_roll_up(start, now),
        )
        record(
            action="TEST_DATA_GENERATED",
            category=Category.SYSTEM,
            description=f"{done.samples} samples of {wanted.nodes} nodes over {wanted.days} days",
            details={"seed": wanted.seed, "new_nodes": done.new_nodes, "samples": done.samples},
            tenant_id=tenant.pk,
        )
    live.publish("nodes")
    return done


def finish_roll_up(progress: Progress) -> None:
    """Roll up every hour on the queue, so that long charts are there at once."""
    roll_up(on_progress=progress, batch=ROLL_UP_BATCH)
