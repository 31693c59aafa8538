"""API tokens are known to the portal alone: they open only while the provider vouches for their person."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import revalidation
from apps.accounts.services.tokens import create_token
from apps.audit.models import AuditLog
from tests import make
from tests.accounts.oidc.conftest import walk
from tests.accounts.oidc.provider import OpenIdProvider
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mapped")]
DAY = timedelta(days=1)


@pytest.fixture
def olga(op: OpenIdProvider) -> User:
    """Olga, who signed in as an ADMIN."""
    op.add("olga", roles=["admin"])
    walk(Client())
    return User.objects.get(keycloak_user_id="olga")


def token_of(person: User) -> str:
    """Return the text of a new token."""
    now = datetime.now(UTC)
    return create_token(user=person, name="script", can_write=True, days=365, allowed_ips=[], now=now).text


def opens(text: str) -> bool:
    """Tell whether a token is accepted."""
    answer = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def revalidate() -> None:
    """Ask about everybody, as the worker does."""
    with acting_as("omega_worker"):
        revalidation.revalidate_sessions(now=datetime.now(UTC) + timedelta(minutes=6))


def vouched_for(ago: timedelta) -> None:
    """Let everybody have been vouched for so long ago."""
    User.objects.update(vouched_at=datetime.now(UTC) - ago)


def test_token_opens_for_a_week_after_the_person_was_last_vouched_for(olga: User) -> None:
    text, version = token_of(olga), olga.version
    vouched_for(6.9 * DAY)
    before = opens(text)
    vouched_for(7 * DAY)

    assert (before, opens(text)) == (True, False)
    assert AuditLog.objects.get(action="API_TOKEN_REFUSED").error_message == "not_vouched"
    olga.refresh_from_db()
    assert olga.version == version, "to be vouched for changes nothing that somebody edits"


@pytest.mark.parametrize("how", ["revalidation", "sign-in"])
def test_each_answer_of_the_provider_counts_anew(how: str, olga: User) -> None:
    text = token_of(olga)
    vouched_for(8 * DAY)
    revalidate() if how == "revalidation" else walk(Client())

    assert opens(text)


@pytest.mark.parametrize("roles", [[], ["wizard"], None], ids=["none", "unknown", "no claim"])
@pytest.mark.parametrize("how", ["revalidation", "sign-in"])
def test_token_of_somebody_without_a_role_opens_nothing_until_they_have_one(
    how: str, roles: list[str] | None, olga: User, op: OpenIdProvider
) -> None:
    text, person = token_of(olga), op.people["olga"]
    person.roles = roles
    revalidate() if how == "revalidation" else walk(Client())
    without = opens(text)
    person.roles = ["readonly"]
    walk(Client())

    assert (without, opens(text)) == (False, True)


def test_session_that_ended_at_the_provider_takes_no_token_away(olga: User, op: OpenIdProvider) -> None:
    text = token_of(olga)
    op.refresh_tokens.clear()
    revalidate()

    assert opens(text)


def test_claim_of_the_wrong_shape_is_the_mappers_fault_and_takes_no_token_away(olga: User, op: OpenIdProvider) -> None:
    text = token_of(olga)
    op.people["olga"].roles = "admin"
    revalidate()

    assert opens(text)


def test_local_people_need_nobody_to_vouch_for_them(db: None) -> None:
    assert opens(token_of(make.user("USER")))
