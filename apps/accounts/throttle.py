"""Counts failed sign-ins per account and per address in the database, so that no cache can forget them."""

import hashlib
from datetime import datetime
from ipaddress import ip_address
from math import ceil

from django.db import transaction

from apps.accounts.models import SignInAttempt
from apps.accounts.rules import failures_counted, wait_after
from apps.core.address import network_of
from apps.core.errors import Throttled


class Waiting(Throttled):
    """A wait that lasts; `is_first` tells whether it refuses somebody for the first time, which is worth a record."""

    def __init__(self, seconds: int, *, is_first: bool) -> None:
        """Take how long it still lasts."""
        super().__init__("too_many_attempts", "Too many sign-in attempts. Please wait.", retry_after=seconds)
        self.is_first = is_first


def attempt_keys(email: str, address: str) -> dict[str, str]:
    """Return the counter keys, first that of the address: e-mails are digests, one network of IPv6 is one sender."""
    digest = hashlib.sha256(email.strip().lower().encode()).hexdigest()
    return {"address": f"address:{_sender(address)}", "account": f"account:{digest}"}


def count_attempt(email: str, address: str, now: datetime) -> None:
    """Count an attempt before it is tried, as if it failed; raises Waiting while a wait lasts.

    Counting first makes parallel guesses queue at the row instead of slipping through together. An attempt that
    is refused counts for nobody, so a blocked address cannot block other people's accounts.
    """
    _count_all(attempt_keys(email, address), now)


def count_refusal(address: str, now: datetime) -> None:
    """Count a refusal that costs no guess but a line in the log; raises Waiting like `count_attempt`.

    What follows the address after a space counts apart.
    """
    _count_all({"address": f"refusals:{_sender(address)}"}, now)


def _sender(address: str) -> str:
    """Return what is counted as one sender."""
    text, space, rest = address.partition(" ")
    try:
        return network_of(ip_address(text)) + space + rest
    except ValueError:
        return address


def _count_all(keys: dict[str, str], now: datetime) -> None:
    """Count at every key, or at none when one of them has to wait; those behind that one are not even looked at."""
    with transaction.atomic():
        waiting = _count_unless_waiting(keys, now)
    if waiting:
        raise waiting


def _count_unless_waiting(keys: dict[str, str], now: datetime) -> Waiting | None:
    """Lock the counters in their order and count; returns the wait of the first one that has to."""
    rows = []
    for kind, key in keys.items():
        row = _locked(key, now)
        if seconds := _seconds_left(row, now):
            is_first = row.noted_until != row.blocked_until
            SignInAttempt.objects.filter(pk=row.pk).update(noted_until=row.blocked_until)
            return Waiting(seconds, is_first=is_first)
        rows.append((kind, row))
    for kind, row in rows:
        _count(kind, row, now)
    return None


def _locked(key: str, now: datetime) -> SignInAttempt:
    """Return the counter of a key, locked; a new one has counted nothing."""
    SignInAttempt.objects.bulk_create([SignInAttempt(key=key, last_failure_at=now)], ignore_conflicts=True)
    return SignInAttempt.objects.select_for_update().get(key=key)


def _seconds_left(row: SignInAttempt, now: datetime) -> int:
    """Return how long a counter still makes people wait, 0 if it does not."""
    return ceil((row.blocked_until - now).total_seconds()) if row.blocked_until and row.blocked_until > now else 0


def _count(kind: str, row: SignInAttempt, now: datetime) -> None:
    """Count one attempt as failed."""
    row.failures = failures_counted(row.failures, row.last_failure_at, now) + 1
    row.last_failure_at = now
    wait = wait_after(kind, row.failures)
    row.blocked_until = now + wait if wait else None
    row.save()


def forgive(email: str, address: str) -> None:
    """Forget the failures after a success: the account's wholly; the address keeps all but this one."""
    keys = attempt_keys(email, address)
    SignInAttempt.objects.filter(key=keys["account"]).delete()
    with transaction.atomic():
        row = SignInAttempt.objects.select_for_update().filter(key=keys["address"]).first()
        if row:
            row.failures = max(row.failures - 1, 0)
            row.blocked_until = None
            row.save()
