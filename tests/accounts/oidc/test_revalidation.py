"""Those who signed in through the provider are asked about again and again: what it takes away is gone in minutes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from apps.accounts import oidc_provider
from apps.accounts.models import User, WebSession
from apps.accounts.services import revalidation
from apps.accounts.services.overrides import end_due_overrides
from apps.audit.models import AuditLog
from tests import make, signed_in
from tests.accounts.oidc.conftest import walk
from tests.accounts.oidc.provider import OpenIdProvider
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mapped")]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def later() -> datetime:
    """A time at which whoever just signed in is due."""
    return datetime.now(UTC) + 5.5 * MINUTE


@pytest.fixture
def olga(op: OpenIdProvider) -> Client:
    """Olga's browser, signed in."""
    op.add("olga", roles=["devops"])
    client = Client()
    walk(client)
    return client


def revalidate(now: datetime) -> int:
    """Do a turn as the worker does; returns how many were answered for."""
    with acting_as("omega_worker"):
        return revalidation.revalidate_sessions(now=now)


def is_in(client: Client) -> bool:
    """Tell whether a page opens."""
    return client.get("/").status_code == 200


def why_ended() -> str:
    """Return why the only session is over; empty while it is not."""
    row = WebSession.objects.get()
    return row.revoked_reason if row.revoked_at else ""


def test_session_is_asked_about_every_five_minutes(op: OpenIdProvider, olga: Client, later: datetime) -> None:
    before = WebSession.objects.get().refresh_token

    assert (revalidate(later - MINUTE), revalidate(later), revalidate(later + MINUTE)) == (0, 1, 0)
    row = WebSession.objects.get()
    assert row.refresh_token != before and row.refresh_token in op.refresh_tokens
    assert revalidate(later + 5 * MINUTE) == 1
    assert is_in(olga)


def test_role_of_the_provider_takes_effect_within_minutes(op: OpenIdProvider, olga: Client, later: datetime) -> None:
    key = olga.cookies["omega-session"].value
    op.people["olga"].roles = ["readonly"]
    revalidate(later)

    assert User.objects.get().role == "READONLY"
    assert is_in(olga)
    assert olga.cookies["omega-session"].value != key
    assert olga.get("/nodes/enrol/").status_code == 403


def test_override_holds_at_revalidation_too(op: OpenIdProvider, olga: Client, later: datetime) -> None:
    User.objects.update(role="ANALYST", role_override=True)
    op.people["olga"].roles = ["admin"]
    revalidate(later)

    person = User.objects.get()
    assert (person.role, person.last_idp_role) == ("ANALYST", "ADMIN")


def test_override_that_runs_out_gives_the_role_back(op: OpenIdProvider, olga: Client, later: datetime) -> None:
    User.objects.update(role="ANALYST", role_override=True, role_override_until=later)
    with acting_as("omega_worker"):
        ended = [end_due_overrides(now=now) for now in (later - MINUTE, later)]

    assert ended == [0, 1]
    assert User.objects.get().role == "DEVOPS"


def test_disabled_person_is_out(op: OpenIdProvider, olga: Client, later: datetime) -> None:
    op.people["olga"].is_enabled = False
    revalidate(later)

    assert not is_in(olga)
    assert why_ended() == "no longer accepted by the identity provider"
    entry = AuditLog.objects.get(action="SESSION_ENDED")
    assert (entry.user_role, entry.resource_name) == ("SYSTEM", "olga@example.test")


@pytest.mark.parametrize(
    ("roles", "why"),
    [([], "no_role"), (["wizard"], "no_role"), (None, "roles_claim_missing"), ("x", "roles_claim_malformed")],
)
def test_person_without_a_role_is_out_but_not_demoted(
    roles: object, why: str, op: OpenIdProvider, olga: Client, later: datetime
) -> None:
    op.people["olga"].roles = roles
    revalidate(later)

    assert (why_ended(), User.objects.get().role) == (why, "DEVOPS")


def test_tokens_of_somebody_else_end_the_session(op: OpenIdProvider, olga: Client, later: datetime) -> None:
    op.mutate = lambda claims: {**claims, "sub": "mallory"}
    revalidate(later)

    assert why_ended() == "token refused: another subject"


def test_answer_without_an_id_token_ends_the_session(op: OpenIdProvider, olga: Client, later: datetime) -> None:
    op.forge = lambda claims: ""
    revalidate(later)

    assert why_ended().startswith("token refused")


def test_silent_provider_keeps_people_for_an_hour_under_a_banner(
    op: OpenIdProvider, olga: Client, later: datetime
) -> None:
    op.trouble["/token"] = "broken"
    revalidate(later)
    row = WebSession.objects.get()
    page = olga.get("/").content.decode()
    banner = olga.get("/health/banner/", headers={"HX-Request": "true"}).content.decode()

    assert row.unanswered_since == later
    for text in (page, banner):
        assert "The sign-in service does not answer" in text
        assert f"{later + 60 * MINUTE:%H:%M}" in text
    revalidate(later + 59 * MINUTE)
    assert why_ended() == ""
    revalidate(later + 61 * MINUTE)
    assert why_ended() == "the identity provider did not answer for an hour"


def test_provider_that_is_back_takes_the_banner_away(op: OpenIdProvider, olga: Client, later: datetime) -> None:
    op.trouble["/token"] = "broken"
    revalidate(later)
    op.trouble.clear()

    assert revalidate(later + MINUTE) == 1
    assert WebSession.objects.get().unanswered_since is None
    assert 'data-testid="health-sign-in"' not in olga.get("/").content.decode()


def test_absent_provider_is_asked_three_times_and_no_more(
    op: OpenIdProvider, later: datetime, settings: Settings
) -> None:
    op.add("olga")
    for _ in range(6):
        walk(Client())
    op.trouble["/token"] = "broken"
    before = op.asked["/token"]

    assert revalidate(later) == 0
    assert op.asked["/token"] - before == 3
    assert WebSession.objects.filter(unanswered_since=later).count() == 6


def test_what_the_time_does_not_suffice_for_is_due_at_the_next_turn(
    op: OpenIdProvider, later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    op.add("olga")
    for _ in range(3):
        walk(Client())
    monkeypatch.setattr(revalidation, "BUDGET_SECONDS", -1.0)
    none = revalidate(later)
    monkeypatch.setattr(revalidation, "BUDGET_SECONDS", 45.0)

    assert (none, revalidate(later)) == (0, 3)


def test_local_and_ended_sessions_and_closed_accounts_are_not_asked_about(
    op: OpenIdProvider, olga: Client, later: datetime
) -> None:
    signed_in.sign_in(Client(), make.user())
    before = op.asked["/token"]
    User.objects.filter(keycloak_user_id="olga").update(is_active=False)

    assert revalidate(later) == 0
    assert op.asked["/token"] == before


def test_session_whose_secrets_nobody_can_read_ends(
    op: OpenIdProvider, olga: Client, later: datetime, settings: Settings
) -> None:
    settings.FIELD_KEYS = {9: b"k" * 32}
    settings.FIELD_KEY_IN_USE = 9
    revalidate(later)

    assert why_ended() == "unreadable token"


def test_sessions_of_a_provider_that_is_no_longer_ours_end(op: OpenIdProvider, olga: Client, later: datetime) -> None:
    WebSession.objects.update(oidc_issuer="https://former.example")
    revalidate(later)

    assert not is_in(olga)


def test_session_ends_although_nobody_asks_the_provider(op: OpenIdProvider, olga: Client) -> None:
    long_ago = datetime.now(UTC) - 75 * MINUTE
    WebSession.objects.update(vouched_at=long_ago, revalidated_at=long_ago)

    assert not is_in(olga)
    assert why_ended() == "unvouched"


def test_each_answer_vouches_for_a_session_anew(op: OpenIdProvider, olga: Client, later: datetime) -> None:
    WebSession.objects.update(vouched_at=later - 76 * MINUTE)
    revalidate(later)

    assert WebSession.objects.get().vouched_at == later
    assert is_in(olga)


def test_silence_vouches_for_nobody(op: OpenIdProvider, olga: Client, later: datetime) -> None:
    before = WebSession.objects.get().vouched_at
    op.trouble["/token"] = "broken"
    revalidate(later)

    assert WebSession.objects.get().vouched_at == before


def test_new_refresh_token_outlives_an_answer_that_cannot_be_verified(
    op: OpenIdProvider, olga: Client, later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_provider, "NOT_AGAIN_SECONDS", 0.0)
    op.key_name, op.trouble["/certs"] = "second", "broken"
    unanswered = revalidate(later)
    op.trouble.clear()
    monkeypatch.setattr(oidc_provider.provider()._keys, "_not_before", 0.0)

    assert (unanswered, revalidate(later + MINUTE)) == (0, 1)
    assert (why_ended(), is_in(olga)) == ("", True)


def test_fault_of_one_session_takes_nobody_elses_turn(op: OpenIdProvider, later: datetime) -> None:
    olga = op.add("olga")
    for _ in range(4):
        walk(Client())
    otto = op.add("otto")
    walk(Client())
    olga.roles, otto.is_enabled = ["analyst"], False
    with acting_as("omega_owner"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE users ADD CONSTRAINT nobody_is CHECK (role <> 'ANALYST')")

    assert revalidate(later) == 1
    assert WebSession.objects.get(user__keycloak_user_id="otto").revoked_at is not None
    olgas = WebSession.objects.filter(user__keycloak_user_id="olga", revoked_at=None)
    assert set(olgas.values_list("unanswered_since", flat=True)) == {later}
