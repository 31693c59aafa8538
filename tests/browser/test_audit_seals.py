"""An auditor's round: entries are sealed by themselves, a verification runs live, and a tampered byte is named."""

from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import Page, expect

from apps.audit.models import AuditLog, AuditSeal
from apps.core.timescale.prepare import admin_connection
from tests.browser.conftest import Picture, sign_in
from tests.processes import Portal, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.browser]


def tamper(entry: AuditLog) -> None:
    """Change an entry as a superuser with triggers off."""
    with psycopg.connect(**admin_connection(str(connections["owner"].settings_dict["NAME"]))) as intruder:
        intruder.execute("SET session_replication_role = replica")
        intruder.execute("UPDATE audit_logs SET user_email = 'eve@example.test' WHERE id = %s", [entry.id])


def test_tampered_byte_is_named_on_the_page(page: Page, portal: Portal, picture: Picture) -> None:
    if not settings.DATABASE_ADMIN_URL:
        pytest.skip("needs a superuser's URL: DATABASE_ADMIN_URL")
    sign_in(page, "ADMIN")
    page.goto("/audit/")
    signed_in = AuditLog.objects.get(action="SIGNED_IN")
    wait_for(lambda: AuditSeal.objects.filter(last_id__gte=signed_in.id).exists(), 60)
    expect(page.locator("#audit-seals")).to_contain_text("Sealed up to entry", timeout=60_000)

    page.get_by_test_id("audit-verify").click()
    expect(page.get_by_test_id("seals-unbroken")).to_be_visible(timeout=40_000)
    picture.take("audit-unbroken")

    tamper(signed_in)
    page.get_by_test_id("audit-verify").click()
    banner = page.get_by_test_id("seals-broken")
    expect(banner).to_contain_text("who did it, from where or with which program was changed", timeout=40_000)
    assert AuditLog.objects.filter(action="AUDIT_SEAL_BROKEN", status="FAILURE").exists()
    picture.take_all("audit-broken")

    with page.expect_download() as export:
        page.get_by_test_id("audit-export-json").click()
    saved = Path(export.value.path())
    assert "eve@example.test" in saved.read_text(encoding="utf8")
