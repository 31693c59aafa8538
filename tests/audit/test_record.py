"""Events enter the log with the actor and circumstances of the context, and refusals outlive a rollback."""

from dataclasses import replace
from uuid import UUID

import pytest
from django.db import transaction

from apps.audit.models import AuditLog, Category, Status
from apps.audit.selectors import images_of_request
from apps.audit.services import record, record_apart
from apps.core.context import NOBODY, RequestContext, acting
from apps.nodes.models import Node
from tests import make
from tests.roles import serving_as

ADA = RequestContext(
    user_id=str(UUID(int=7)),
    user_email="ada@example.test",
    user_role="ADMIN",
    tenant_ids="all",
    request_id="req-1",
    reason="spring cleaning",
    ip_address="2001:db8::1",
    user_agent="Browser/1.0",
)


@pytest.mark.django_db
def test_event_carries_its_actor_and_circumstances() -> None:
    with acting(ADA):
        record(action="TESTED", category=Category.NODE, resource_id=UUID(int=9), details={"uses": 3})

    entry = AuditLog.objects.get(action="TESTED")
    assert (entry.user_id, entry.user_email, entry.user_role) == (UUID(int=7), "ada@example.test", "ADMIN")
    assert (entry.request_id, entry.reason, entry.ip_address) == ("req-1", "spring cleaning", "2001:db8::1")
    assert (entry.user_agent, entry.status, entry.is_row_image) == ("Browser/1.0", Status.SUCCESS, False)
    assert (entry.resource_id, entry.details) == (str(UUID(int=9)), {"uses": 3})


@pytest.mark.django_db
def test_event_of_nobody_is_the_systems() -> None:
    with acting(NOBODY):
        record(action="TESTED", category=Category.SYSTEM)

    entry = AuditLog.objects.get(action="TESTED")
    assert (entry.user_id, entry.user_email, entry.ip_address) == (None, "", None)
    assert str(entry) == "TESTED by the system"


@pytest.mark.django_db
def test_overlong_names_are_cut_and_do_not_stop_the_deed() -> None:
    with acting(replace(ADA, user_agent="x" * 5000)):
        record(action="TESTED", category=Category.NODE, resource_id="i" * 999, resource_name="n" * 999)

    entry = AuditLog.objects.get(action="TESTED")
    assert (len(entry.resource_id), len(entry.resource_name), len(entry.user_agent)) == (255, 255, 1000)


@pytest.mark.django_db
def test_row_images_of_a_request_are_found_by_its_id() -> None:
    node = make.node()
    with acting(ADA):
        Node.objects.filter(pk=node.pk).update(region="north")
        record(action="NODE_EDITED", category=Category.NODE)
    with acting(replace(ADA, request_id="req-2")):
        Node.objects.filter(pk=node.pk).update(region="south")

    assert [image.details["after"] for image in images_of_request("req-1")] == [{"region": "north"}]


def test_event_goes_with_its_transaction_and_a_refusal_stays(committed: None) -> None:
    with serving_as("omega_portal"):
        with transaction.atomic():
            record(action="UNDONE", category=Category.NODE)
            transaction.set_rollback(True)
        record_apart(action="REFUSED", category=Category.AUTH, status=Status.FAILURE)

        assert entries_but_the_tenants() == [("REFUSED", "FAILURE")]


def test_row_image_goes_with_the_change_that_was_rolled_back(committed: None) -> None:
    with serving_as("omega_portal"):
        with transaction.atomic():
            make.node()
            transaction.set_rollback(True)

        assert (Node.objects.count(), entries_but_the_tenants()) == (0, [])


def entries_but_the_tenants() -> list[tuple[str, str]]:
    """Return what was recorded beside the default tenant, which every test finds there."""
    return list(AuditLog.objects.exclude(resource_type="tenant").values_list("action", "status"))
