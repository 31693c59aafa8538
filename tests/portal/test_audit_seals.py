"""What people see of the seals, and how they ask for a verification."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from apps.accounts.services import default_tenant
from apps.audit import services
from apps.audit.models import AuditSeal, AuditVerification, Category
from tests import make
from tests.database import acting_as


@pytest.fixture
def ada(client_as: Callable[[str], Client]) -> Client:
    """Ada may verify."""
    return client_as("ADMIN")


def verification(verdict: str, now: datetime, **columns: object) -> AuditVerification:
    """Return a verification that got so far."""
    with acting_as("omega_worker"):
        return AuditVerification.objects.create(verdict=verdict, requested_at=now, **columns)


def seal(now: datetime) -> None:
    """Make a seal that covers nothing."""
    with acting_as("omega_worker"):
        AuditSeal.objects.create(
            id=1, first_id=1, last_id=40, row_count=0, previous_root=bytes(32), root=bytes(32), sealed_at=now
        )


def test_page_says_how_far_entries_are_sealed(ada: Client, now: datetime) -> None:
    assert "Nothing is sealed yet." in ada.get("/audit/").content.decode()
    seal(now)
    assert "Sealed up to entry 40" in ada.get("/audit/").content.decode()


def test_button_asks_once_and_the_page_shows_it_going_on(ada: Client, now: datetime) -> None:
    first, second = (ada.post("/audit/verify/", follow=True).content.decode() for _ in range(2))

    assert "All seals are being verified" in first
    assert "being verified already" in second
    assert "Waiting for a worker" in ada.get("/audit/seals/").content.decode()
    check = AuditVerification.objects.get()
    assert check.requested_by == make.user("ADMIN").pk
    with acting_as("omega_worker"):
        AuditVerification.objects.update(verdict="running", started_at=now, next_seal=6, last_seal=10)
    assert "Verifying, 50 %" in ada.get("/audit/seals/").content.decode()


def test_broken_seal_is_a_banner_that_names_the_block(ada: Client, now: datetime) -> None:
    found = {
        "seal": 7,
        "first_id": 61,
        "last_id": 70,
        "sealed_at": now.isoformat(),
        "entry": 66,
        "text": "<b>changed</b>",
    }
    verification("failed", now, finished_at=now, started_at=now, findings=[found], finding_count=3)
    page = ada.get("/audit/").content.decode()

    assert "The audit log was tampered with." in page
    assert "3 findings" in page
    assert "Seal 7 (entries 61 to 70" in page
    assert "entry 66: &lt;b&gt;changed&lt;/b&gt;" in page


def test_later_verification_that_passes_takes_the_banner_away(ada: Client, now: datetime) -> None:
    verification("failed", now, finished_at=now, finding_count=1)
    verification("passed", now, finished_at=now.replace(year=now.year + 1))

    page = ada.get("/audit/seals/").content.decode()
    assert "tampered" not in page
    assert 'data-testid="seals-unbroken"' in page


def test_who_may_not_verify_sees_no_button(client_as: Callable[[str], Client]) -> None:
    assert 'data-testid="audit-verify"' not in client_as("DEVOPS").get("/audit/").content.decode()
    assert 'data-testid="audit-verify"' in client_as("ANALYST").get("/audit/").content.decode()


def test_filters_by_address_request_person_and_reason(ada: Client) -> None:
    uma = make.user("USER")
    tenant = {"tenant_id": default_tenant().pk, "category": Category.USER}
    services.record(action="ABOUT_UMA", resource_type="user", resource_id=uma.pk, resource_name=uma.email, **tenant)
    services.record(action="ABOUT_NOBODY", **tenant)
    page = ada.get(f"/audit/?who={uma.pk}").content.decode()

    assert "ABOUT_UMA" in page
    assert "ABOUT_NOBODY" not in page
    for query in ("who=x", "ip=999.1.1.1", "reason=maybe", f"request={'x' * 65}"):
        assert ada.get(f"/audit/?{query}").status_code == 400
    assert "ABOUT_NOBODY" in ada.get("/audit/?reason=no").content.decode()
    assert "ABOUT_NOBODY" not in ada.get("/audit/?reason=yes").content.decode()
    assert "ABOUT_NOBODY" not in ada.get("/audit/?ip=192.0.2.1").content.decode()


def test_personal_columns_of_an_image_are_shown_among_the_others(ada: Client) -> None:
    uma = make.user("USER")
    uma.full_name = "Uma Usher"
    uma.save()
    page = ada.get("/audit/?rows=on").content.decode()

    assert "<del>Uma User</del>" in page and "<ins>Uma Usher</ins>" in page


def test_erased_person_is_called_so(ada: Client, now: datetime) -> None:
    uma = make.user("USER")
    services.record(
        action="T", resource_type="user", resource_id=uma.pk, resource_name=uma.email, category=Category.USER
    )
    with acting_as("omega_owner"):
        services.erase_people(people=[uma.pk], now=now)

    page = ada.get(f"/audit/?who={uma.pk}").content.decode()
    assert "PERSON_ERASED" in page
    assert uma.email not in page.split('id="audit-region"')[1]
