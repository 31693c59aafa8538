"""Valkey goes away and comes back: pages and ingest never stop, timed work pauses, says so, and catches up."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from apps.nodes.models import Node
from tests import make, processes
from tests.flows.test_agent_to_page import signed_in
from tests.processes import Portal, wait_for
from tests.valkey import OwnValkey
from tests.whole import sweeps

pytestmark = pytest.mark.flow


def heartbeat(portal: Portal, key: str) -> httpx.Response:
    """Send one sign of life with a measurement."""
    body = {"status": "ok", "usage": {"at": datetime.now(UTC).isoformat(), "cpu_percent": 5.0}}
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{portal.ingest_url}/api/v1/agent/heartbeat", json=body, headers=headers, timeout=10)


def test_everything_but_live_and_timed_work_goes_on_without_redis(
    committed: None, tmp_path: Path, valkey: OwnValkey
) -> None:
    # Long enough not to fall silent during the waits below.
    key = make.key(make.node(silence_grace_seconds=3600)).text
    with processes.portal(tmp_path, valkey.url, "web", "ingest", "worker", "beat") as portal:
        browser = signed_in(portal)
        wait_for(lambda: sweeps(finished_at__gt=datetime(2000, 1, 1, tzinfo=UTC)) > 0, 30)

        valkey.kill()
        assert heartbeat(portal, key).status_code == 200
        assert browser.get("/nodes/").status_code == 200
        assert "live" in wait_for(lambda: paused_banners(browser), 30)

        valkey.start()
        back = datetime.now(UTC)
        wait_for(lambda: sweeps(finished_at__gt=back) >= 2, 60)
        wait_for(lambda: not paused_banners(browser), 40)
        assert Node.objects.get().status == "active"


def paused_banners(browser: httpx.Client) -> str:
    """Return the text of the banners in small letters, empty when all is well."""
    return browser.get("/health/banner/").text.strip().lower()
