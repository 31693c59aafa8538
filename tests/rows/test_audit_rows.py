"""The audit log by tenant: the web process adds anything, and reads what its person may read."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import transaction

from apps.audit.models import AuditLog, Category
from apps.audit.services import record
from apps.core.context import ALL_TENANTS, NOBODY, acting
from tests import make
from tests.rows.asking import rows, touched
from tests.rows.two_tenants import House, house

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]


@pytest.fixture
def houses() -> tuple[House, House]:
    """Two tenants, each with a deed of its own."""
    red, blue = house("red"), house("blue")
    for of in (red, blue):
        with acting(of.context("DEVOPS")):
            record(action="TESTED", category=Category.NODE, resource_id=of.node.pk)
    with acting(replace(NOBODY, request_id=uuid4().hex)):
        record(action="TESTED", category=Category.AUTH, description="by a stranger")
    return red, blue


def seen_by(of: House, role: str) -> int:
    """Return how many of the deeds a person sees."""
    with transaction.atomic(), acting(of.context(role)):
        return AuditLog.objects.filter(action="TESTED").count()


def test_each_role_sees_the_deeds_of_its_tenant_and_others_their_own(houses: tuple[House, House]) -> None:
    red, _ = houses
    assert {role: seen_by(red, role) for role in red.people} == {
        "ADMIN": 1, "DEVOPS": 1, "ANALYST": 1, "USER": 0, "READONLY": 0,
    }  # fmt: skip
    with acting(replace(red.context("ADMIN"), tenant_ids=ALL_TENANTS)):
        assert AuditLog.objects.filter(action="TESTED").count() == 3


def test_stranger_adds_and_reads_nothing(houses: tuple[House, House]) -> None:
    with acting(replace(NOBODY, request_id="request-9")):
        record(action="REFUSED", category=Category.AUTH)
        assert not AuditLog.objects.exists()
    assert AuditLog.objects.filter(action="REFUSED").count() == 1


def test_log_is_read_past_its_view_by_nobody(houses: tuple[House, House]) -> None:
    make.node()
    parts = [name for (name,) in rows(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'public.audit_logs'::regclass"
    )]  # fmt: skip

    assert parts
    for table in ("public.audit_logs", *parts, "audit_seal_mark"):
        assert touched(f"SELECT 1 FROM {table}") == "refused", table  # noqa: S608
    for change in (
        "UPDATE audit_logs SET action = 'X'",
        "DELETE FROM audit_logs",
        "INSERT INTO audit_seals DEFAULT VALUES",
    ):
        assert touched(change) == "refused", change
