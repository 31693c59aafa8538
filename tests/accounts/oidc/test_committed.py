"""The whole way as in an installation: the web process's own log-in at the database, real commits, real parallelism."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from apps.accounts.models import AuthProvider, UnknownClaim, User, WebSession
from apps.accounts.services import revalidation
from apps.accounts.services.admitting import admit
from apps.audit.models import AuditLog
from tests import make
from tests.accounts.oidc.conftest import map_roles, walk
from tests.accounts.oidc.provider import OpenIdProvider
from tests.people import invitation
from tests.roles import in_parallel, serving_as


@pytest.fixture(autouse=True)
def installed(committed: None) -> None:
    """An installation with its mapping."""
    map_roles()


def test_sign_in_revalidation_and_sign_out_by_the_roles_that_do_it(op: OpenIdProvider) -> None:
    op.add("olga", roles=["devops"])
    client, later = Client(), datetime.now(UTC) + timedelta(minutes=6)
    with serving_as("omega_portal", is_blind=True):
        walk(client, next="/nodes/")
        pages = [client.get(path).status_code for path in ("/", "/nodes/", "/me/")]
        assert WebSession.objects.count() == 0, "whoever asks without a context sees no rows"
    op.people["olga"].roles = ["analyst"]
    with serving_as("omega_worker", is_blind=True):
        assert revalidation.revalidate_sessions(now=later) == 1
    with serving_as("omega_portal", is_blind=True):
        again = client.get("/").status_code
        ended = client.post("/oidc/backchannel-logout/", {"logout_token": op.logout_token(sub="olga")}).status_code
        out = client.get("/").status_code

    assert (pages, again, ended, out) == ([200, 200, 200], 200, 200, 302)
    olga = User.objects.get(keycloak_user_id="olga")
    assert (olga.role, olga.auth_provider) == ("ANALYST", AuthProvider.KEYCLOAK)
    assert WebSession.objects.get().revoked_at is not None
    assert not Session.objects.exists()
    done = set(AuditLog.objects.filter(is_row_image=False).values_list("action", flat=True))
    assert done == {"ACCOUNT_CREATED", "SIGNED_IN", "ROLE_SYNCED", "BACKCHANNEL_LOGOUT"}


def test_two_first_sign_ins_at_once_make_one_account(op: OpenIdProvider, now: datetime) -> None:
    claims = {
        "iss": op.issuer, "sub": "olga", "email": "olga@example.test", "email_verified": True, "portal_roles": ["user"],
    }  # fmt: skip

    people = in_parallel("omega_portal", [lambda: admit(claims=claims, now=now) for _ in range(4)])

    assert [type(person) for person in people] == [User] * 4
    assert len({person.pk for person in people}) == 1
    assert User.objects.count() == 1
    assert AuditLog.objects.filter(action="ACCOUNT_CREATED").count() == 1


def test_unknown_values_of_many_sign_ins_at_once_are_all_counted(op: OpenIdProvider, now: datetime) -> None:
    values = ["user", "wizard", "knight"]

    def come(number: int) -> User:
        roles = values if number % 2 else values[::-1]
        email = f"person-{number}@example.test"
        claims = {"iss": op.issuer, "sub": email, "email": email, "email_verified": True, "portal_roles": roles}
        return admit(claims=claims, now=now)

    people = in_parallel("omega_portal", [lambda n=n: come(n) for n in range(6)])

    assert [type(person) for person in people] == [User] * 6
    with connection.cursor() as cursor:
        cursor.execute("SELECT claim_value, seen_count FROM unknown_claims ORDER BY claim_value")
        assert cursor.fetchall() == [("knight", 6), ("wizard", 6)]


def test_two_workers_ask_about_each_session_once(op: OpenIdProvider) -> None:
    op.add("olga")
    for _ in range(4):
        walk(Client())
    before, later = op.asked["/token"], datetime.now(UTC) + timedelta(minutes=6)

    answered = in_parallel("omega_worker", [lambda: revalidation.revalidate_sessions(now=later) for _ in range(3)])

    assert sum(answered) == 4
    assert op.asked["/token"] - before == 4
    assert WebSession.objects.filter(revoked_at=None).count() == 4


def test_refusals_and_what_they_count_are_kept_although_nobody_came_in(op: OpenIdProvider) -> None:
    op.add("mallory", roles=["wizard"])
    with serving_as("omega_portal", is_blind=True):
        refused = [walk(Client()).status_code]
        op.mutate = lambda claims: {**claims, "aud": "another"}
        refused.append(walk(Client()).status_code)
        forged = Client().post("/oidc/backchannel-logout/", {"logout_token": "nonsense"}).status_code

    assert (refused, forged) == ([403, 403], 400)
    codes = AuditLog.objects.filter(status="FAILURE").order_by("id").values_list("action", "error_message")
    assert list(codes) == [
        ("SIGN_IN_REFUSED", "no_role"),
        ("SIGN_IN_REFUSED", "token_refused"),
        ("BACKCHANNEL_LOGOUT_REFUSED", "token_refused"),
    ]
    assert UnknownClaim.objects.get().claim_value == "wizard"
    assert not User.objects.exists()


def test_invited_account_is_linked_by_the_web_process(op: OpenIdProvider, now: datetime) -> None:
    uma = make.user("USER", password=make.PASSWORD)
    invitation(email=uma.email, user=uma, expires_at=now + timedelta(days=1))
    op.add("uma", roles=["user"])
    client = Client()
    with serving_as("omega_portal", is_blind=True):
        walk(client)
        status = client.get("/").status_code

    uma.refresh_from_db()
    assert (status, uma.keycloak_user_id, uma.password) == (200, "uma", None)
