"""Letters that the database takes for others when it ignores case: nobody becomes somebody else by them."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from apps.accounts.models import Invitation, Tenant, User, WebSession
from tests import make
from tests.accounts.oidc.conftest import code_of, walk
from tests.accounts.oidc.provider import OpenIdProvider

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mapped")]
# "ſ" and "ı" become "S" and "I" in capitals.
LOOKALIKES = ["ſisko@example.test", "sısko@example.test", "sisko@example.teſt"]


def invited(email: str, now: datetime, user: User | None = None) -> Invitation:
    """Return an open invitation."""
    tenant, until = Tenant.objects.get(slug="default"), now + timedelta(days=1)
    return Invitation.objects.create(email=email, user=user, tenant=tenant, expires_at=until, key_id="key", digest=b"x")


@pytest.mark.parametrize("email", LOOKALIKES)
def test_lookalike_is_not_linked_to_the_account_it_looks_like(email: str, op: OpenIdProvider, now: datetime) -> None:
    sisko = make.user("USER", email="sisko@example.test", password=make.PASSWORD)
    invitation = invited("sisko@example.test", now, sisko)
    op.add("mallory", email=email)
    answer = walk(Client())

    assert code_of(answer) == "email_unverified"
    sisko.refresh_from_db()
    invitation.refresh_from_db()
    assert (sisko.keycloak_user_id, invitation.used_at) == (None, None)


@pytest.mark.parametrize("email", LOOKALIKES)
def test_account_and_invitation_of_a_lookalike_are_not_those_of_the_plain_email(
    email: str, op: OpenIdProvider, now: datetime
) -> None:
    other = make.user("USER", email=email)
    invitation = invited(email, now, other)
    op.add("sisko", email="sisko@example.test")
    answer = walk(Client())

    assert code_of(answer) == "ask_to_link"
    other.refresh_from_db()
    invitation.refresh_from_db()
    assert (other.keycloak_user_id, invitation.used_at) == (None, None)


def test_invitation_of_a_lookalike_gives_a_stranger_nothing(op: OpenIdProvider, now: datetime) -> None:
    invitation = invited("ſisko@example.test", now)
    Invitation.objects.update(tenant=make.tenant())
    op.add("sisko", email="sisko@example.test")
    walk(Client())

    invitation.refresh_from_db()
    assert invitation.used_at is None
    assert User.objects.get(keycloak_user_id="sisko").tenant == Tenant.objects.get(slug="default")


@pytest.mark.parametrize("email", LOOKALIKES)
def test_right_password_does_not_open_an_account_by_a_lookalike(email: str) -> None:
    make.user("USER", email="sisko@example.test", password=make.PASSWORD)
    answer = Client().post("/sign-in/", {"email": email, "password": make.PASSWORD})

    assert answer.status_code == 401
    assert not WebSession.objects.exists()
