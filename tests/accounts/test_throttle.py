"""Guessing passwords gets slower per account and per address, whatever the order and however parallel."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from apps.accounts.models import SignInAttempt
from apps.accounts.services import forget_old_sign_ins, sign_in
from apps.accounts.throttle import attempt_keys, count_attempt, count_refusal, forgive
from apps.audit.models import AuditLog
from apps.core.errors import Throttled
from tests import make
from tests.accounts.conftest import Browser

pytestmark = pytest.mark.django_db
ADA, HERE, HOUR = "ada@example.test", "203.0.113.5", timedelta(hours=1)


def wait(email: str, address: str, now: datetime) -> int:
    """Return how many seconds an attempt is told to wait; 0 when it may be tried."""
    try:
        count_attempt(email, address, now)
    except Throttled as refusal:
        return refusal.retry_after
    return 0


def test_first_slips_are_free_and_then_each_failure_costs_more(now: datetime) -> None:
    told = [wait(ADA, f"10.0.0.{n}", now) for n in range(5)]
    for seconds in (1, 2, 4, 8):
        told.append(wait(ADA, "10.9.9.9", now + timedelta(seconds=seconds - 0.5)))
        now += timedelta(seconds=seconds)
        told.append(wait(ADA, "10.9.9.9", now))

    assert told == [0, 0, 0, 0, 0] + [1, 0] * 4


def test_account_is_protected_from_many_addresses_whatever_the_spelling(now: datetime) -> None:
    for n in range(5):
        wait(ADA, f"10.0.0.{n}", now)

    assert [wait(spelling, "10.9.9.9", now) for spelling in (ADA, " ADA@Example.Test ")] == [1, 1]
    assert wait("otto@example.test", "10.9.9.8", now) == 0


def test_address_that_tries_many_accounts_waits_and_others_do_not(now: datetime) -> None:
    free = [wait(f"person-{n}@example.test", HERE, now) for n in range(20)]

    assert (set(free), wait("last@example.test", HERE, now)) == ({0}, 1)
    assert wait("last@example.test", "198.51.100.9", now) == 0


def test_longest_wait_is_a_quarter_hour_and_an_hour_of_quiet_forgets_everything(now: datetime) -> None:
    for _ in range(30):
        wait(ADA, HERE, now)
        now += timedelta(minutes=16)
    wait(ADA, HERE, now)

    assert wait(ADA, HERE, now) == 900
    later = now + timedelta(hours=1)
    assert [wait(ADA, HERE, later) for _ in range(5)] == [0] * 5


def test_success_forgives_the_account_but_not_the_address_its_other_tries(now: datetime) -> None:
    for n in range(18):
        wait(f"person-{n}@example.test", HERE, now)
    wait(ADA, HERE, now)
    forgive(ADA, HERE)

    assert SignInAttempt.objects.get(key__startswith="address:").failures == 18
    assert not SignInAttempt.objects.filter(key=attempt_keys(ADA, HERE)["account"]).exists()


def test_right_password_during_the_wait_is_refused_and_recorded(browser: Browser, now: datetime) -> None:
    make.user(password=make.PASSWORD)
    for n in range(5):
        wait(ADA, f"10.0.0.{n}", now)

    with pytest.raises(Throttled) as refusal:
        sign_in(request=browser(), email=ADA, password=make.PASSWORD, now=now)

    assert refusal.value.retry_after == 1
    assert AuditLog.objects.get(action="SIGN_IN_REFUSED").error_message == "too_many_attempts"
    assert sign_in(request=browser(), email=ADA, password=make.PASSWORD, now=now + timedelta(seconds=1))
    assert not SignInAttempt.objects.filter(key__startswith="account:").exists()


def test_email_is_kept_as_a_digest_only(now: datetime) -> None:
    wait(ADA, HERE, now)

    assert not SignInAttempt.objects.filter(key__icontains="ada").exists()


def test_old_failures_are_deleted_and_fresh_ones_kept(now: datetime) -> None:
    wait(ADA, HERE, now - timedelta(hours=1, seconds=1))
    wait("otto@example.test", "198.51.100.9", now - timedelta(minutes=59))

    assert forget_old_sign_ins(now=now) == 2
    assert SignInAttempt.objects.count() == 2


def test_network_of_one_ipv6_user_counts_as_one_address(now: datetime) -> None:
    told = [wait(f"person-{n}@example.test", f"2001:db8:0:7::{n + 1:x}", now) for n in range(21)]

    assert told == [0] * 20 + [1]
    assert wait("last@example.test", "2001:db8:0:8::1", now) == 0


def test_network_of_one_ipv6_user_counts_as_one_for_refusals_too(now: datetime) -> None:
    for n in range(20):
        count_refusal(f"2001:db8:0:7::{n + 1:x} logout", now)
    count_refusal("2001:db8:0:7::1", now)

    with pytest.raises(Throttled):
        count_refusal("2001:db8:0:7::ffff logout", now)


def test_address_that_waits_leaves_neither_counters_nor_a_record_of_each_try(now: datetime) -> None:
    for n in range(20):
        wait(f"person-{n}@example.test", HERE, now)
    counters = SignInAttempt.objects.count()

    def knock(number: int) -> int:
        form = {"email": f"other-{number}@example.test", "password": "wrong"}
        return Client(REMOTE_ADDR=HERE).post("/sign-in/", form).status_code

    SignInAttempt.objects.filter(key__startswith="address:").update(blocked_until=datetime.now(UTC) + HOUR)
    assert {knock(number) for number in range(5)} == {429}
    assert SignInAttempt.objects.count() == counters
    assert AuditLog.objects.filter(action="SIGN_IN_REFUSED").count() == 1
    SignInAttempt.objects.filter(key__startswith="address:").update(blocked_until=datetime.now(UTC) + 2 * HOUR)
    assert {knock(number) for number in range(5)} == {429}
    assert AuditLog.objects.filter(action="SIGN_IN_REFUSED").count() == 2, "one for each wait"
