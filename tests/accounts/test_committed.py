"""Passwords and sessions as in an installation: the web process's own log-in at the database, and real commits."""

from datetime import UTC, datetime

from django.contrib.auth.hashers import make_password
from django.test import Client

from apps.accounts.models import User, WebSession
from apps.accounts.oidc_errors import SignInRefused
from apps.accounts.services import end_all_sessions, forget_old_sign_ins
from apps.accounts.services.ending import deactivate_person
from apps.accounts.services.web_sessions import begin_session
from apps.accounts.web_sessions import SessionStore
from apps.audit.models import AuditLog
from tests import make
from tests.accounts.conftest import Browser
from tests.accounts.test_web_sessions import by_password, cookie, is_in, with_cookie
from tests.roles import in_parallel, serving_as

NEW = "a quite different passphrase"


def test_sign_in_with_an_old_hash_change_of_password_and_sign_out(committed: None) -> None:
    ada = make.user(password=make.PASSWORD)
    User.objects.update(password=make_password(make.PASSWORD, hasher="bcrypt_sha256"))
    here, there = Client(), Client()
    with serving_as("omega_portal", is_blind=True):
        for client in (here, there):
            by_password(client)
        both = [is_in(here), is_in(there)]
        form = {"old_password": make.PASSWORD, "new_password": NEW, "again": NEW}
        changed = here.post("/me/password/", form).status_code
        one = [is_in(here), is_in(there)]
        here.post("/sign-out/")
        none = [is_in(here), is_in(there)]

    assert (both, changed, one, none) == ([True, True], 302, [True, False], [False, False])
    ada.refresh_from_db()
    assert str(ada.password).startswith("argon2$") and ada.last_login is not None
    reasons = WebSession.objects.order_by("created_at").values_list("revoked_reason", flat=True)
    assert sorted(reasons) == ["password changed", "signed out"]
    done = AuditLog.objects.filter(is_row_image=False).order_by("id").values_list("action", flat=True)
    assert list(done) == ["SIGNED_IN", "SIGNED_IN", "PASSWORD_CHANGED", "SIGNED_OUT"]


def test_wrong_passwords_are_refused_and_on_record(committed: None) -> None:
    make.user(password=make.PASSWORD)
    with serving_as("omega_portal", is_blind=True):
        statuses = [
            Client().post("/sign-in/", {"email": email, "password": "wrong"}).status_code
            for email in ("ada@example.test", "nobody@example.test")
        ]

    assert statuses == [401, 401]
    assert AuditLog.objects.filter(action="SIGN_IN_REFUSED").count() == 2


def test_worker_ends_and_forgets_sessions(committed: None) -> None:
    ada, client = make.user(password=make.PASSWORD), Client()
    by_password(client)
    row = WebSession.objects.get()
    with serving_as("omega_worker", is_blind=True):
        assert end_all_sessions(user=ada, reason="account closed", now=row.last_seen_at) == 1
        forget_old_sign_ins(now=row.last_seen_at)
    with serving_as("omega_portal", is_blind=True):
        assert not is_in(client)


def test_two_pages_at_once_after_a_change_of_role_leave_one_key_that_opens(committed: None) -> None:
    ada, client = make.user(password=make.PASSWORD), Client()
    by_password(client)
    User.objects.filter(pk=ada.pk).update(role="READONLY")
    stores = [SessionStore(cookie(client)) for _ in range(4)]
    for store in stores:
        store.load()

    renewed = in_parallel("omega_portal", [store.renew_key for store in stores])

    assert sorted(map(str, renewed)) == ["False", "False", "False", "True"]
    keys = {str(store.session_key) for store, is_new in zip(stores, renewed, strict=True) if is_new is True}
    assert [is_in(with_cookie(key)) for key in keys] == [True]
    assert not is_in(client)


def test_session_begun_while_the_account_is_closed_does_not_come_back(committed: None, browser: Browser) -> None:
    boss, ada = make.user("ADMIN", email="boss@example.test"), make.user("USER", password=make.PASSWORD)
    now = datetime.now(UTC)

    def close() -> None:
        deactivate_person(actor=boss, user=ada, reason="left", version=None, now=now)

    def begin() -> None:
        begin_session(request=browser(), user=ada, now=now)

    outcomes = in_parallel("omega_portal", [close, begin, begin])

    assert {type(outcome) for outcome in outcomes} <= {type(None), SignInRefused}
    assert not WebSession.objects.filter(revoked_at=None).exists()
