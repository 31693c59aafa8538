"""How long tables are kept is changed by whoever answers for all tenants, knowingly, and leaves a trace."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.audit.models import AuditLog
from apps.core.context import RequestContext, acting
from apps.core.errors import Conflict, Forbidden, Invalid
from apps.metrics.models import RetentionPolicy, UsageMetric
from apps.metrics.models.retention_policy import KeptTable
from apps.metrics.selectors.retention_policy import loss_of, retention_of, stock_of
from apps.metrics.services.retention_policy import apply_changes, change_retention
from tests import make, people
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
VITALS = KeptTable.USAGE_METRICS


@pytest.fixture
def chief(db: None) -> User:
    """An ADMIN bound to no tenant."""
    return people.somebody(9, role="ADMIN", tenant=None)


def change(actor: User, now: datetime, days: int, **options: object) -> None:
    """Change how long vitals are kept."""
    usual = {"table": VITALS, "compress_after_days": None, "reason": "disk is full", "accepts_loss": None}
    change_retention(actor=actor, keep_days=days, now=now, **{**usual, **options})  # type: ignore[arg-type]


def store_old(at: datetime) -> None:
    """Keep one sample of long ago, with its partition."""
    node = make.node()
    with acting_as("omega_worker"):
        with connection.cursor() as cursor:
            span = [at, at + timedelta(seconds=1)]
            cursor.execute("SELECT ensure_partitions('public.usage_metrics'::regclass, '1 day', %s, %s)", span)
        UsageMetric.objects.bulk_create([UsageMetric(node=node, timestamp=at, cpu_percent=1.0)])


def test_every_table_has_a_period_also_when_its_row_was_lost(now: datetime) -> None:
    seeded = retention_of()
    with acting_as(connection.settings_dict["USER"]):
        RetentionPolicy.objects.all().delete()

    assert {name: kept.keep_days for name, kept in retention_of().items()} == {
        name: kept.keep_days for name, kept in seeded.items()
    }
    assert set(seeded) == set(KeptTable.values)


def test_a_change_holds_at_once_and_is_in_the_log_with_before_and_after(chief: User, now: datetime) -> None:
    change(chief, now, 400)
    with acting(RequestContext(user_role="SYSTEM", tenant_ids="all")):
        change(chief, now, 500)

    image = AuditLog.objects.filter(action="RETENTION_POLICY_UPDATED").latest("timestamp")
    assert retention_of()["usage_metrics"].keep_days == 500
    assert (image.details["before"]["keep_days"], image.details["after"]["keep_days"]) == (400, 500)
    assert (image.reason, image.resource_id, image.category) == ("disk is full", "usage_metrics", "CONFIG")


@pytest.mark.parametrize(
    ("days", "compress", "field"),
    [
        (7, None, "keep_days"),
        (3651, None, "keep_days"),
        (30, 6, "compress_after_days"),
        (30, 30, "compress_after_days"),
    ],
)
def test_numbers_out_of_bounds_are_refused_and_the_field_is_named(
    chief: User, now: datetime, days: int, compress: int | None, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        change(chief, now, days, compress_after_days=compress)

    assert refusal.value.field == field
    with pytest.raises(IntegrityError), transaction.atomic():
        RetentionPolicy.objects.filter(pk=VITALS).update(keep_days=days, compress_after_days=compress)


def test_small_tables_are_not_compressed(chief: User, now: datetime) -> None:
    with pytest.raises(Invalid, match="not compressed"):
        change(chief, now, 100, table=KeptTable.INGEST_TRUST, compress_after_days=8)


def test_the_admin_of_one_tenant_changes_nothing(now: datetime) -> None:
    with pytest.raises(Forbidden):
        change(make.user("ADMIN"), now, 100)


def test_what_would_be_dropped_must_be_meant(chief: User, now: datetime) -> None:
    store_old(now - timedelta(days=40))

    with pytest.raises(Conflict) as refusal:
        change(chief, now, 20)
    change(chief, now, 20, accepts_loss=loss_of(stock_of(VITALS).pieces, 20, now))

    assert (refusal.value.code, refusal.value.field) == ("would_drop", "accepts_loss")
    assert retention_of()["usage_metrics"].keep_days == 20


def test_consent_to_one_loss_is_none_to_another(chief: User, now: datetime) -> None:
    for days in (40, 15):
        store_old(now - timedelta(days=days))
    smaller = loss_of(stock_of(VITALS).pieces, 20, now)

    with pytest.raises(Conflict):
        change(chief, now, 10, accepts_loss=smaller)

    assert retention_of()["usage_metrics"].keep_days == 365


def test_the_stock_says_since_when_and_how_much(now: datetime) -> None:
    at = now - timedelta(days=40)
    store_old(at)

    with acting_as(connection.settings_dict["USER"]):
        RetentionPolicy.objects.all().delete()
    stock = stock_of(VITALS)

    assert stock.oldest is not None
    assert stock.oldest <= at < stock.oldest + timedelta(days=1)
    assert stock.bytes > 0
    assert [piece.ends - piece.starts for piece in stock.pieces] == [timedelta(days=1)] * len(stock.pieces)


def test_the_server_is_told_of_each_change_once(chief: User, now: datetime) -> None:
    with acting_as("omega_worker"):
        apply_changes(now=now)
    change(chief, now, 100)

    with acting_as("omega_worker"):
        told = apply_changes(now=now + timedelta(seconds=1))
        again = apply_changes(now=now + timedelta(seconds=2))

    assert [(kept.table_name, kept.keep_days) for kept in told] == [("usage_metrics", 100)]
    assert again == []
