"""From an invitation to the first look at the portal, and what its link does not do."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Invitation, User
from apps.accounts.services import forget_old_sign_ins
from apps.audit.models import AuditLog
from tests import make, signed_in
from tests.database import acting_as
from tests.people import invitation, somebody

SignIn = Callable[[str], Client]
GOOD = {"full_name": "Nora New", "new_password": make.PASSWORD, "again": make.PASSWORD}


@pytest.fixture
def link(client_as: SignIn) -> str:
    """The path of a link that Ada made for Nora."""
    tenant = make.default_tenant()
    form = {"email": "Nora@Example.test", "full_name": "Nora", "role": "ANALYST", "tenant_id": str(tenant.pk)}
    page = client_as("ADMIN").post("/people/invitations/new/", form)
    found = re.search(r"(/invitation/omi_[\w-]+/)", page.content.decode())
    assert found and page["Cache-Control"] == "no-store"
    return found[1]


def test_the_invited_person_chooses_a_password_and_is_in(link: str) -> None:
    nora = Client()
    assert "nora@example.test" in nora.get(link).content.decode()
    answer = nora.post(link, GOOD)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "Nora New" in nora.get("/").content.decode()
    made = User.objects.get(email="nora@example.test")
    assert (made.role, made.tenant_id, made.auth_provider) == ("ANALYST", make.default_tenant().pk, "local")
    events = AuditLog.objects.filter(is_row_image=False, action__startswith="INVITATION")
    assert [(event.action, event.user_email) for event in events] == [("INVITATION_ACCEPTED", "nora@example.test")]
    assert Client().post("/sign-in/", {"email": "nora@example.test", "password": make.PASSWORD}).status_code == 302


def test_looking_uses_nothing_up(link: str) -> None:
    before = AuditLog.objects.count()
    for _ in range(3):
        assert Client().get(link).status_code == 200
        assert Client().head(link).status_code == 200
    assert Invitation.objects.get().used_at is None
    assert AuditLog.objects.count() == before
    assert not User.objects.filter(email="nora@example.test").exists()


def test_a_link_works_once(link: str) -> None:
    Client().post(link, GOOD)
    again = Client()
    assert again.get(link).status_code == 404
    assert again.post(link, GOOD).status_code == 404
    assert again.get("/").status_code == 302


@pytest.mark.parametrize(
    "change",
    [{"expires_at": timezone.now() - timedelta(hours=1)}, {"revoked_at": timezone.now()}, {"digest": bytes(32)}],
)
def test_an_invitation_that_is_over_opens_nothing(link: str, change: dict[str, object]) -> None:
    Invitation.objects.update(**change)
    answer = Client().post(link, GOOD)
    assert answer.status_code == 404 and "This invitation is over" in answer.content.decode()
    assert not User.objects.filter(email="nora@example.test").exists()


@pytest.mark.parametrize("text", ["x", "omi_aaaaaaaaaaaa_" + "b" * 49, "omp_aaaaaaaaaaaa_" + "b" * 49])
def test_an_invented_link_is_over_too(db: None, text: str) -> None:
    assert Client().get(f"/invitation/{text}/").status_code == 404


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({**GOOD, "again": "other"}, "The two new passwords differ"),
        ({**GOOD, "new_password": "short", "again": "short"}, "too short"),
        ({**GOOD, "full_name": ""}, "required"),
    ],
)
def test_a_bad_form_names_its_field_and_leaves_the_link_alive(link: str, form: dict[str, str], words: str) -> None:
    answer = Client().post(link, form)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert Client().post(link, GOOD).status_code == 302


def test_a_link_taken_back_opens_nothing(link: str, client_as: SignIn) -> None:
    ada, row = client_as("ADMIN"), Invitation.objects.get()
    assert "nora@example.test" in ada.get("/people/invitations/").content.decode()
    assert ada.post(f"/people/invitations/{row.pk}/revoke/").status_code == 302
    assert Client().get(link).status_code == 404
    assert "Nobody is expected" in ada.get("/people/invitations/").content.decode()


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"role": "DEVOPS"}, {"tenant": "elsewhere"}, {"erased": True}], ids=str
)
def test_an_invitation_counts_no_more_than_whoever_made_it(link: str, change: dict[str, object]) -> None:
    if "erased" in change:
        Invitation.objects.update(invited_by=None)
    else:
        columns = {"tenant": make.tenant()} if "tenant" in change else change
        User.objects.filter(email="ada@example.test").update(**columns)
    assert Client().get(link).status_code == 404
    assert Client().post(link, GOOD).status_code == 404
    assert not User.objects.filter(email="nora@example.test").exists()


def test_whoever_is_closed_takes_their_invitations_along(link: str) -> None:
    ada, chief = make.user("ADMIN"), Client()
    signed_in.sign_in(chief, somebody(1, role="ADMIN", tenant=None))
    assert chief.post(f"/people/{ada.pk}/deactivate/", {"reason": "left"}).status_code == 302
    assert Invitation.objects.get().revoked_at is not None
    assert AuditLog.objects.get(action="USER_DEACTIVATED").details["invitations"] == 1
    chief.post(f"/people/{ada.pk}/activate/", {"reason": "back"})
    assert Client().post(link, GOOD).status_code == 404


def test_an_invitation_that_ended_elsewhere_does_not_stand_in_the_way(client_as: SignIn, now: datetime) -> None:
    invitation(email="nora@example.test", tenant=make.tenant(), expires_at=now - timedelta(days=1))
    form = {"email": "nora@example.test", "role": "USER", "tenant_id": str(make.default_tenant().pk)}
    answer = client_as("ADMIN").post("/people/invitations/new/", form)
    assert answer.status_code == 200 and "/invitation/omi_" in answer.content.decode()


def test_invitations_that_ended_are_taken_back_in_time(db: None, now: datetime) -> None:
    ended = invitation(expires_at=now - timedelta(seconds=1))
    waiting = invitation(email="olga@example.test", key_id="cccccccccccc")
    with acting_as("omega_worker"):
        forget_old_sign_ins(now=now)
    ended.refresh_from_db()
    waiting.refresh_from_db()
    assert (ended.revoked_at, waiting.revoked_at) == (now, None)


def test_nobody_invites_beyond_their_own_tenant(client_as: SignIn) -> None:
    form = {"email": "n@example.test", "role": "USER", "tenant_id": str(make.tenant().pk)}
    answer = client_as("ADMIN").post("/people/invitations/new/", form)
    assert answer.status_code == 422 and "not one of the available choices" in answer.content.decode()


def test_with_an_identity_provider_the_link_only_says_where_to_sign_in(link: str, settings: object) -> None:
    with_provider = settings.OMEGA.model_copy(update={"oidc_issuer": "https://id.example.test"})  # type: ignore[attr-defined]
    settings.OMEGA = with_provider  # type: ignore[attr-defined]
    page = Client().get(link).content.decode()
    assert "Sign in with Keycloak using this e-mail" in page and "new_password" not in page
    Client().post(link, GOOD)
    assert not User.objects.filter(email="nora@example.test").exists()


@pytest.mark.parametrize(("role", "status"), [("USER", 200), ("ADMIN", 422)])
def test_an_account_that_is_there_is_linked_by_invitation_unless_it_is_mighty(
    client_as: SignIn, settings: object, role: str, status: int
) -> None:
    ada = client_as("ADMIN")
    settings.OMEGA = settings.OMEGA.model_copy(update={"oidc_issuer": "https://id.example.test"})  # type: ignore[attr-defined]
    known = somebody(1, role=role)
    form = {"email": known.email, "role": "USER", "tenant_id": str(known.tenant_id)}
    assert ada.post("/people/invitations/new/", form).status_code == status
    assert [row.user_id for row in Invitation.objects.all()] == ([known.pk] if status == 200 else [])
