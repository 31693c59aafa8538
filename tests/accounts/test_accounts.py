"""Passwords, profiles and the first administrator."""

import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.accounts.services import change_password, ensure_admin, forget_old_sign_ins, sign_in, update_profile
from apps.audit.models import AuditLog
from apps.core.errors import Conflict, Invalid, Throttled
from tests import make
from tests.accounts.conftest import Browser, is_signed_in

NEW = "a quite different passphrase"
SLOW = settings.PASSWORD_HASHERS[0]


@pytest.mark.django_db
def test_new_password_ends_the_other_sessions_and_keeps_this_one(browser: Browser, now: datetime) -> None:
    make.user(password=make.PASSWORD)
    here, there = browser(), browser()
    for request in (here, there):
        sign_in(request=request, email="ada@example.test", password=make.PASSWORD, now=now)
    before = [is_signed_in(here), is_signed_in(there)]

    change_password(request=here, old=make.PASSWORD, new=NEW, now=now)

    assert (before, [is_signed_in(here), is_signed_in(there)]) == ([True, True], [True, False])
    assert sign_in(request=browser(), email="ada@example.test", password=NEW, now=now)
    assert AuditLog.objects.filter(action="PASSWORD_CHANGED").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("wrong", NEW, "old_password"),
        (make.PASSWORD, "short", "new_password"),
        (make.PASSWORD, "password123456", "new_password"),
        (make.PASSWORD, "ada@example.test", "new_password"),
        (make.PASSWORD, "", "new_password"),
    ],
)
def test_refused_password_names_its_field_and_changes_nothing(
    old: str, new: str, field: str, browser: Browser, now: datetime
) -> None:
    ada = make.user(password=make.PASSWORD)
    request = browser()
    sign_in(request=request, email=ada.email, password=make.PASSWORD, now=now)

    with pytest.raises(Invalid) as refusal:
        change_password(request=request, old=old, new=new, now=now)

    assert refusal.value.field == field
    ada.refresh_from_db()
    assert ada.check_password(make.PASSWORD)


@pytest.mark.django_db
def test_stranger_cannot_change_a_password(browser: Browser, now: datetime) -> None:
    with pytest.raises(Invalid):
        change_password(request=browser(), old="", new=NEW, now=now)


@pytest.mark.django_db
def test_guessing_the_old_password_has_to_wait_like_a_sign_in(browser: Browser, now: datetime) -> None:
    ada = make.user(password=make.PASSWORD)
    request = browser()
    sign_in(request=request, email=ada.email, password=make.PASSWORD, now=now)
    refusals = []
    for _ in range(7):
        with pytest.raises((Invalid, Throttled)) as refusal:
            change_password(request=request, old="a guess", new=NEW, now=now)
        refusals.append(refusal.value.code)

    assert refusals == ["wrong_password"] * 5 + ["too_many_attempts"] * 2
    change_password(request=request, old=make.PASSWORD, new=NEW, now=now + timedelta(minutes=16))


@pytest.mark.django_db
def test_nobody_is_made_administrator_behind_their_back() -> None:
    make.user("USER", email="uma@example.test")

    with pytest.raises(Conflict) as refusal:
        ensure_admin(email="Uma@example.test")

    assert refusal.value.field == "email"


def test_passwords_are_hashed_with_argon2() -> None:
    assert SLOW == "django.contrib.auth.hashers.Argon2PasswordHasher"


@pytest.mark.django_db
def test_first_administrator_is_made_once() -> None:
    password = ensure_admin(email="root@example.test")
    again = ensure_admin(email="other@example.test")

    made = User.objects.get()
    assert password is not None
    assert (made.email, made.role, made.tenant, again) == ("root@example.test", "ADMIN", None, None)
    assert made.check_password(password)
    assert len(password) >= 20


@pytest.mark.django_db
def test_administrator_who_left_does_not_count() -> None:
    make.user("ADMIN", is_active=False)

    assert ensure_admin(email="root@example.test")


@pytest.mark.django_db
def test_command_writes_the_password_where_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("something older and longer than any password could ever be", encoding="utf8")
    file.chmod(0o644)

    call_command("ensure_admin", email="root@example.test", password_file=file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert User.objects.get().check_password(file.read_text(encoding="utf8").rstrip("\n"))


@pytest.mark.django_db
def test_command_makes_no_administrator_whose_password_nobody_can_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        call_command("ensure_admin", email="root@example.test", password_file=tmp_path / "absent" / "password")

    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "europe/berlin", "\x00", "UTC "])
def test_time_zone_nobody_keeps_is_refused(zone: str) -> None:
    ada = make.user()

    with pytest.raises(Invalid) as refusal:
        update_profile(user=ada, full_name="Ada", time_zone=zone)

    assert (refusal.value.code, refusal.value.field) == ("unknown_time_zone", "time_zone")
    assert User.objects.get().time_zone == "UTC"


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "UTC"])
def test_profile_takes_name_and_time_zone(zone: str) -> None:
    update_profile(user=make.user(), full_name="Ada Lovelace", time_zone=zone)

    assert User.objects.values_list("full_name", "time_zone").get() == ("Ada Lovelace", zone)


@pytest.mark.django_db
def test_email_belongs_to_one_person_whatever_its_case() -> None:
    make.user()
    with pytest.raises(IntegrityError, match="users_email_once"), transaction.atomic():
        User.objects.create(email="ADA@example.test", full_name="Another Ada")


@pytest.mark.django_db
def test_ended_sessions_are_deleted_and_running_ones_kept(browser: Browser, now: datetime) -> None:
    ada = make.user(password=make.PASSWORD)
    ended, running = browser(), browser()
    for request in (ended, running):
        sign_in(request=request, email=ada.email, password=make.PASSWORD, now=now)
        request.session.save()
    ended.session.set_expiry(timedelta(hours=-1))
    ended.session.save()

    assert forget_old_sign_ins(now=now) == 1
    assert is_signed_in(running)
