"""A newcomer's first quarter of an hour: sign in, enrol a machine, watch it live, see it fall silent and return."""

import shlex
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from apps.nodes.models import Node
from tests.browser.conftest import Picture, sign_in
from tests.processes import Portal
from tests.whole import Machine

pytestmark = [pytest.mark.flow, pytest.mark.browser]


def enrol_with_the_shown_command(page: Page, portal: Portal, machine: Machine) -> None:
    """Make a token in the dialog and run the very line it shows, with this test's configuration file."""
    page.goto("/nodes/")
    page.get_by_role("link", name="Enrol machines").first.click()
    page.get_by_test_id("dialog-submit").click()
    shown = page.get_by_test_id("enrol-command").inner_text()
    command = shlex.split(shown.partition("&&")[0])
    assert command[:2] == ["omega-agent", "enroll"]
    line = [sys.executable, "-m", "omega_agent", *command[1:], "--config", str(machine.config)]
    enrolment = portal.launch("agent", line)
    assert enrolment.process.wait(30) == 0, enrolment.log.read_text()


def test_first_machine(
    page: Page, portal: Portal, machine: Machine, picture: Picture, quick_heartbeats: Callable[[Node], None]
) -> None:
    sign_in(page)
    expect(page.get_by_test_id("first-run")).to_be_visible()
    picture.take("first-run")

    enrol_with_the_shown_command(page, portal, machine)
    expect(page.get_by_test_id("first-contact")).to_be_visible(timeout=15_000)
    node = Node.objects.get()
    quick_heartbeats(node)

    agent = machine.start()
    page.goto(f"/nodes/{node.pk}/")
    state, cpu = page.get_by_test_id("node-state"), page.get_by_test_id("vital-cpu_percent")
    expect(cpu).to_be_visible(timeout=20_000)
    expect(state).to_contain_text("active", ignore_case=True, timeout=20_000)
    before = page.get_by_test_id("vitals").inner_text()
    expect(page.get_by_test_id("vitals")).not_to_have_text(before, use_inner_text=True, timeout=30_000)
    picture.take_all("node-live")

    agent.kill()
    expect(state).to_contain_text("offline", ignore_case=True, timeout=40_000)
    expect(page.get_by_test_id("stale")).to_be_visible()
    picture.take("node-silent")

    machine.start()
    expect(state).to_contain_text("active", ignore_case=True, timeout=30_000)
    page.goto("/")
    expect(page.get_by_test_id("total-nodes")).to_have_text("1")
    picture.take_all("overview")
