"""Where people are signed in: what a session lives through, what ends it, and that the database opens nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import Tenant, User, WebSession
from apps.accounts.oidc_errors import SignInRefused
from apps.accounts.rules import end_of_session
from apps.accounts.services import end_all_sessions, end_session, forget_old_sign_ins
from apps.accounts.services.web_sessions import begin_session
from apps.accounts.web_sessions import digest_of
from apps.audit.models import AuditLog
from tests import make, signed_in
from tests.accounts.conftest import Browser

pytestmark = pytest.mark.django_db
COOKIE = settings.SESSION_COOKIE_NAME


def cookie(client: Client) -> str:
    """Return the session key that a browser holds."""
    return client.cookies[COOKIE].value


def with_cookie(key: str) -> Client:
    """Return a browser that holds a session key, wherever it has it from."""
    client = Client()
    client.cookies[COOKIE] = key
    return client


def is_in(client: Client) -> bool:
    """Tell whether a page opens for a browser."""
    return client.get("/").status_code == 200


@pytest.fixture
def ada() -> User:
    """Ada, with a password."""
    return make.user(password=make.PASSWORD)


def by_password(client: Client) -> None:
    """Sign Ada in by the form."""
    form = {"email": "ada@example.test", "password": make.PASSWORD}
    assert client.post("/sign-in/", form).status_code == 302


def test_sign_in_leaves_a_row_that_says_where_and_for_how_long(ada: User) -> None:
    client = Client(REMOTE_ADDR="203.0.113.5", HTTP_USER_AGENT="Browser/1.0")
    by_password(client)

    row = WebSession.objects.get()
    assert (row.user, row.ip_address, row.user_agent) == (ada, "203.0.113.5", "Browser/1.0")
    assert row.expires_at - row.last_seen_at == timedelta(hours=settings.OMEGA.session_hours)
    assert row.session_digest == digest_of(cookie(client))


def test_cookie_stands_nowhere_in_the_database_and_no_row_opens_a_session(ada: User) -> None:
    client = Client()
    by_password(client)
    kept = [Session.objects.get().session_key, WebSession.objects.get().session_digest]
    assert [len(key) for key in kept] == [40, 64]

    assert not any(cookie(client) in key for key in kept)
    assert [is_in(with_cookie(key)) for key in kept] == [False, False]
    assert is_in(client)
    cache.clear()
    assert is_in(with_cookie(cookie(client)))


def test_key_planted_before_signing_in_opens_nothing_after(ada: User) -> None:
    victim = Client()
    session = victim.session
    session["planted"] = True
    session.save()
    planted = str(session.session_key)
    victim.cookies[COOKIE] = planted
    by_password(victim)

    assert cookie(victim) != planted
    assert not is_in(with_cookie(planted))
    assert "planted" not in victim.session


def test_cookie_of_before_signing_out_opens_nothing_after(ada: User) -> None:
    client = Client()
    by_password(client)
    stolen = with_cookie(cookie(client))
    before = is_in(stolen)
    client.post("/sign-out/")

    assert (before, is_in(stolen), is_in(client)) == (True, False, False)
    row = WebSession.objects.get()
    assert row.revoked_at is not None and row.revoked_reason == "signed out"


def test_session_without_its_row_is_none(ada: User) -> None:
    client = Client()
    by_password(client)
    WebSession.objects.all().delete()

    assert not is_in(client)
    assert not Session.objects.exists()


def test_session_whose_row_is_of_somebody_else_is_none(ada: User) -> None:
    client = Client()
    by_password(client)
    WebSession.objects.update(user=make.user("USER"))

    assert not is_in(client)


def test_session_ends_when_nobody_used_it_for_long(ada: User) -> None:
    client, idle = Client(), timedelta(minutes=settings.OMEGA.session_idle_minutes)
    row = signed_in.sign_in(client, ada, last_seen_at=datetime.now(UTC) - idle)

    assert not is_in(client)
    row.refresh_from_db()
    assert row.revoked_reason == "idle"
    assert AuditLog.objects.get(action="SESSION_ENDED").details == {"reason": "idle"}


def test_session_ends_at_its_hour_however_busy(ada: User) -> None:
    client = Client()
    signed_in.sign_in(client, ada, expires_at=datetime.now(UTC))

    assert not is_in(client)
    assert WebSession.objects.get().revoked_reason == "expired"


@pytest.mark.parametrize(
    ("headers", "counts"),
    [({}, True), ({"HX-Request": "true"}, False), ({"Accept": "application/json"}, False)],
    ids=["a page", "a fragment", "numbers"],
)
def test_only_what_a_person_does_keeps_a_session_from_idling(headers: dict[str, str], counts: bool, ada: User) -> None:
    client, then = Client(), datetime.now(UTC) - timedelta(minutes=5)
    row = signed_in.sign_in(client, ada, last_seen_at=then)
    client.get("/", headers=headers)

    row.refresh_from_db()
    assert (row.last_seen_at > then) is counts


def test_presence_is_written_once_a_minute(ada: User) -> None:
    client, then = Client(), datetime.now(UTC) - timedelta(seconds=50)
    row = signed_in.sign_in(client, ada, last_seen_at=then)
    client.get("/")

    row.refresh_from_db()
    assert row.last_seen_at == then


def test_ended_session_leaves_the_others_of_the_person(ada: User, now: datetime) -> None:
    first, second = Client(), Client()
    rows = [signed_in.sign_in(client, ada) for client in (first, second)]
    assert end_session(session=rows[0], reason="ended by its owner", now=now)

    assert (is_in(first), is_in(second)) == (False, True)
    assert not end_session(session=rows[0], reason="again", now=now)
    assert AuditLog.objects.filter(action="SESSION_ENDED").count() == 1


def test_all_sessions_end_but_the_one_that_asks(ada: User, now: datetime) -> None:
    here, there = Client(), Client()
    signed_in.sign_in(there, ada, refresh_token="kept secret")
    signed_in.sign_in(here, ada)

    assert (
        end_all_sessions(user=ada, reason="signed out everywhere", now=now, except_digest=digest_of(cookie(here))) == 1
    )
    assert (is_in(here), is_in(there)) == (True, False)
    assert WebSession.objects.get(revoked_at=now).refresh_token is None
    assert Session.objects.count() == 1


def test_session_of_a_closed_account_is_over_at_once(ada: User) -> None:
    client = Client()
    row = signed_in.sign_in(client, ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)

    assert not is_in(client)
    row.refresh_from_db()
    assert row.revoked_at is not None
    User.objects.filter(pk=ada.pk).update(is_active=True)
    assert not is_in(client)


def test_session_of_a_closed_tenant_is_over_at_once() -> None:
    client, tenant = Client(), make.tenant()
    signed_in.sign_in(client, make.user("USER", tenant=tenant))
    assert is_in(client)

    Tenant.objects.filter(pk=tenant.pk).update(is_active=False)
    assert not is_in(client)


def test_session_goes_on_under_a_new_key_when_the_role_changed(ada: User) -> None:
    client = Client()
    by_password(client)
    before = cookie(client)
    User.objects.filter(pk=ada.pk).update(role="READONLY")

    assert is_in(client)
    assert cookie(client) != before
    assert (is_in(client), is_in(with_cookie(before))) == (True, False)


def test_script_in_flight_with_the_old_key_takes_the_new_one_from_nobody(ada: User) -> None:
    client = Client()
    by_password(client)
    before = with_cookie(cookie(client))
    User.objects.filter(pk=ada.pk).update(role="READONLY")
    assert is_in(client)

    late = before.get("/", headers={"HX-Request": "true"})
    assert late.status_code == 401
    assert COOKIE not in late.cookies
    assert before.get("/").cookies[COOKIE].value == "", "a page that is asked for does clear it away"


def test_signing_in_again_in_the_same_browser_ends_the_session_before(ada: User) -> None:
    client = Client()
    by_password(client)
    first = cookie(client)
    client.post("/sign-out/")
    by_password(client)

    assert not is_in(with_cookie(first))
    assert WebSession.objects.filter(revoked_at=None).count() == 1


def test_rows_of_ended_sessions_are_kept_a_month(ada: User, now: datetime) -> None:
    for days in (29, 31):
        signed_in.sign_in(Client(), ada, expires_at=now - timedelta(days=days))
    forget_old_sign_ins(now=now)

    assert WebSession.objects.get().expires_at == now - timedelta(days=29)


def test_a_script_whose_session_is_over_gets_401(client_as: Callable[[str], Client]) -> None:
    client = client_as("ADMIN")
    WebSession.objects.update(revoked_at=datetime.now(UTC))

    assert client.get("/", headers={"HX-Request": "true"}).status_code == 401
    assert client.get("/api/v1/nodes/").status_code == 401


@pytest.mark.parametrize(
    ("minutes_seen", "minutes_left", "is_revoked", "why"),
    [(29, 1, False, ""), (30, 1, False, "idle"), (0, 0, False, "expired"), (0, 60, True, "ended")],
)
def test_why_a_session_is_over(minutes_seen: int, minutes_left: int, is_revoked: bool, why: str, now: datetime) -> None:
    found = end_of_session(
        revoked_at=now if is_revoked else None,
        expires_at=now + timedelta(minutes=minutes_left),
        last_seen_at=now - timedelta(minutes=minutes_seen),
        idle=timedelta(minutes=30),
        vouched_at=None,
        needs_vouching=False,
        now=now,
    )

    assert found == why


@pytest.mark.parametrize(("minutes", "why"), [(0, ""), (74, ""), (75, "unvouched"), (None, "unvouched")])
def test_session_for_which_the_provider_did_not_answer_is_over(minutes: int | None, why: str, now: datetime) -> None:
    found = end_of_session(
        revoked_at=None,
        expires_at=now + timedelta(hours=1),
        last_seen_at=now,
        idle=timedelta(minutes=30),
        vouched_at=None if minutes is None else now - timedelta(minutes=minutes),
        needs_vouching=True,
        now=now,
    )

    assert found == why


def test_session_is_not_begun_for_somebody_who_was_closed_meanwhile(ada: User, browser: Browser, now: datetime) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    with pytest.raises(SignInRefused) as refusal:
        begin_session(request=browser(), user=ada, now=now)

    assert refusal.value.code == "account_closed"
    assert not WebSession.objects.exists()
