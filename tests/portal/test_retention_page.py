"""The page about retention: what is kept, what it takes, and a change that says what goes."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from apps.metrics.models import UsageMetric
from apps.metrics.models.retention_policy import KeptTable
from apps.metrics.selectors.retention_policy import retention_of, server_compresses
from tests import make, people
from tests.database import acting_as
from tests.portal.pages import text
from tests.signed_in import sign_in

PAGE, CHANGE = "/settings/retention/", "/settings/retention/usage_metrics/"


@pytest.fixture
def chief(db: None, client: Client) -> Client:
    """Somebody who administers all tenants."""
    sign_in(client, people.somebody(9, role="ADMIN", tenant=None))
    return client


@pytest.fixture
def old(db: None, now: datetime) -> datetime:
    """A sample of forty days ago."""
    return store(now - timedelta(days=40))


def store(at: datetime) -> datetime:
    """Keep one sample of long ago, with its partition."""
    node = make.node()
    with acting_as("omega_worker"):
        with connection.cursor() as cursor:
            span = [at, at + timedelta(seconds=1)]
            cursor.execute("SELECT ensure_partitions('public.usage_metrics'::regclass, '1 day', %s, %s)", span)
        UsageMetric.objects.bulk_create([UsageMetric(node=node, timestamp=at, cpu_percent=1.0)])
    return at


def shown_in(page: str) -> str:
    """Return the seal of what a page warns of."""
    found = re.search(r'name="shown" value="([^"]+)"', page)
    assert found
    return found[1]


def test_the_page_says_what_is_kept_since_when_and_whether_it_is_compressed(chief: Client, old: datetime) -> None:
    page = text(chief.get(PAGE))

    assert "365 days" in page
    assert f"{old:%d %b %Y}" in page and "Pieces since" in page
    assert ("does not compress" in page) is not server_compresses()
    assert page.count('data-testid="change"') == len(KeptTable)


def test_the_admin_of_one_tenant_reads_it_only(ada: Client) -> None:
    page = text(ada.get(PAGE))
    refused = ada.post(CHANGE, {"keep_days": "400", "reason": "more"})

    assert 'data-testid="change"' not in page and "only an ADMIN bound to none" in page
    assert refused.status_code == 422 and "bound to none" in text(refused)


def test_a_longer_period_is_saved_at_once(chief: Client) -> None:
    assert chief.post(CHANGE, {"keep_days": "400", "reason": "an audit"}).status_code == 302
    assert "400 days" in text(chief.get(PAGE))


def test_a_shorter_period_is_first_said_in_days_pieces_and_bytes(chief: Client, old: datetime) -> None:
    asked = {"keep_days": "20", "reason": "disk is full"}
    warned = chief.post(CHANGE, asked)
    page = text(warned)

    assert warned.status_code == 422
    assert f"1 day goes with the next nightly run: {old:%d %b %Y}" in page
    assert "1 piece of the table" in page and 'name="accepts_loss"' in page
    assert retention_of()["usage_metrics"].keep_days == 365

    assert chief.post(CHANGE, {**asked, "accepts_loss": "on", "shown": shown_in(page)}).status_code == 302
    assert retention_of()["usage_metrics"].keep_days == 20


def test_tick_without_a_warning_drops_nothing(chief: Client, old: datetime) -> None:
    for forged in ({}, {"shown": ""}, {"shown": "WzFd:x:y"}):
        answer = chief.post(CHANGE, {"keep_days": "20", "reason": "x", "accepts_loss": "on", **forged})
        assert answer.status_code == 422 and "say that it is meant" in text(answer)

    assert retention_of()["usage_metrics"].keep_days == 365


def test_tick_for_one_loss_does_not_count_for_another(chief: Client, old: datetime, now: datetime) -> None:
    store(now - timedelta(days=15))
    asked = {"reason": "disk is full", "accepts_loss": "on"}
    smaller = text(chief.post(CHANGE, {"keep_days": "20", "reason": "disk is full"}))
    greater = chief.post(CHANGE, {**asked, "keep_days": "10", "shown": shown_in(smaller)})

    assert greater.status_code == 422
    assert "2 pieces of the table" in text(greater) and "checked" not in text(greater)
    assert retention_of()["usage_metrics"].keep_days == 365

    assert chief.post(CHANGE, {**asked, "keep_days": "10", "shown": shown_in(text(greater))}).status_code == 302
    assert retention_of()["usage_metrics"].keep_days == 10


@pytest.mark.parametrize("days", [" 20 ", "20.0"])
def test_days_written_otherwise_are_warned_of_all_the_same(chief: Client, old: datetime, days: str) -> None:
    assert 'name="accepts_loss"' in text(chief.post(CHANGE, {"keep_days": days, "reason": "x"}))


@pytest.mark.parametrize("days", ["7", "3651", "", "many", "-1", "9" * 30])
def test_numbers_that_are_none_are_refused_beside_the_field(chief: Client, days: str) -> None:
    answer = chief.post(CHANGE, {"keep_days": days, "reason": "x"})

    assert answer.status_code == 422
    assert retention_of()["usage_metrics"].keep_days == 365


def test_a_table_that_nobody_keeps_is_not_found(chief: Client) -> None:
    assert chief.get("/settings/retention/users/").status_code == 404


def test_others_do_not_see_the_entry(client_as: Callable[[str], Client]) -> None:
    assert 'data-place="settings"' not in text(client_as("DEVOPS").get("/"))
