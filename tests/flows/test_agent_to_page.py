"""A machine enrols, reports, falls silent and comes back; a person sees each of it on the pages."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx
import pytest

from apps.metrics.models import NodeLatest, UsageMetric
from apps.nodes.models import Node, NodeLifecycleLog
from tests import make
from tests.database import acting_as
from tests.processes import Portal, wait_for
from tests.whole import Machine, sweeps

pytestmark = pytest.mark.flow


def signed_in(portal: Portal) -> httpx.Client:
    """Return a browser-like client after signing in through the page."""
    person = make.user("DEVOPS", password=make.PASSWORD)
    client = httpx.Client(base_url=portal.url, follow_redirects=True, timeout=20)
    page = client.get("/sign-in/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, page
    form = {"email": person.email, "password": make.PASSWORD, "csrfmiddlewaretoken": token[1]}
    answer = client.post("/sign-in/", data=form, headers={"Referer": portal.url})
    assert answer.status_code == 200 and person.full_name in answer.text
    return client


def events(node: Node) -> list[str]:
    """Return what happened to a node, oldest first."""
    return list(NodeLifecycleLog.objects.filter(node=node).order_by("id").values_list("event_type", flat=True))


def sample_times() -> list[datetime]:
    """Return when the stored samples were taken, as the worker sees them."""
    with acting_as("omega_worker"):
        return list(UsageMetric.objects.order_by("timestamp").values_list("timestamp", flat=True))


def test_a_machine_enrols_reports_falls_silent_and_returns(
    portal: Portal, machine: Machine, quick_heartbeats: Callable[[Node], None]
) -> None:
    node = machine.enrol()
    quick_heartbeats(node)
    assert node.status == "active" and node.total_cpu_cores

    agent = machine.start()
    wait_for(lambda: NodeLatest.objects.filter(node=node, cpu_percent__isnull=False).exists())
    browser = signed_in(portal)
    assert node.hostname in browser.get("/nodes/").text
    detail = browser.get(f"/nodes/{node.pk}/")
    assert detail.status_code == 200 and node.hostname in detail.text

    agent.kill()
    killed = datetime.now(UTC)
    silent_at = wait_for(lambda: Node.objects.get(pk=node.pk).silent_after)
    wait_for(lambda: Node.objects.get(pk=node.pk).status == "offline", 40)
    deadline = Node.objects.get(pk=node.pk).silent_after or silent_at
    marked = NodeLifecycleLog.objects.get(node=node, event_type="WENT_OFFLINE").timestamp
    assert timedelta(0) <= marked - deadline <= timedelta(seconds=25)
    passed_over = sweeps(started_at__gte=deadline, finished_at__lt=marked)
    assert not passed_over, "the first sweep after the deadline marks it, and they come every two seconds"
    assert "offline" in browser.get(f"/nodes/{node.pk}/").text.lower()

    machine.start()
    wait_for(lambda: Node.objects.get(pk=node.pk).status == "active", 30)
    assert events(node) == ["ENROLLED", "WENT_OFFLINE", "CAME_ONLINE"]
    back = datetime.now(UTC)
    wait_for(lambda: max(sample_times()) > killed, 30)
    gaps = [(earlier, later) for earlier, later in pairwise(sample_times()) if later - earlier > timedelta(seconds=12)]
    assert len(gaps) == 1, "what it had measured before it was killed is there; only its absence is missing"
    assert killed - gaps[0][0] < timedelta(seconds=12) and gaps[0][1] < back + timedelta(seconds=12)


def test_an_outage_of_the_ingest_door_leaves_no_gap_and_no_false_alarm(
    portal: Portal, machine: Machine, quick_heartbeats: Callable[[Node], None]
) -> None:
    node = machine.enrol()
    quick_heartbeats(node)
    machine.start()
    wait_for(lambda: len(sample_times()) >= 2, 30)

    portal.running["ingest"].kill()
    began = datetime.now(UTC)
    time.sleep(20)
    portal.start("ingest")
    wait_for(lambda: sum(at > datetime.now(UTC) - timedelta(seconds=12) for at in sample_times()) >= 1, 40)
    wait_for(lambda: sum(began < at < began + timedelta(seconds=18) for at in sample_times()) >= 2, 40)

    times = sample_times()
    widest = max(later - earlier for earlier, later in pairwise(times))
    assert widest < timedelta(seconds=12), "what was measured during the outage was delivered after it"
    assert "WENT_OFFLINE" not in events(node)
