"""Enrolling from the page: a command shown once, then the machine's first contact."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.permissions import ALLOWED, Action
from apps.nodes.models import EnrollmentToken, Node
from apps.nodes.services import MachineFacts, enroll_node
from tests import make

FORM = {"hours": "24", "uses": "2", "tags": "lab, red", "auto_approve": "on"}


def shown_token(page: str) -> str:
    """Return the token inside the shown command."""
    found = re.search(r"--token (ome_\S+)", page)
    assert found, page
    return found[1]


def test_command_carries_a_token_that_works(client_as: Callable[[str], Client]) -> None:
    page = client_as("DEVOPS").post("/nodes/enrol/", FORM).content.decode()
    enroll_node(token=shown_token(page), machine=MachineFacts("box-1", "m-1"), now=timezone.now())
    node = Node.objects.get(hostname="box-1")
    assert (node.status, node.tags) == ("active", ["lab", "red"])


def test_waiting_page_names_the_machine_that_came(client_as: Callable[[str], Client]) -> None:
    client = client_as("DEVOPS")
    token = shown_token(client.post("/nodes/enrol/", FORM).content.decode())
    address = f"/nodes/enrol/{EnrollmentToken.objects.get().pk}/"
    assert "Waiting for the first contact" in client.get(address).content.decode()
    enroll_node(token=token, machine=MachineFacts("box-1", "m-1"), now=timezone.now())
    page = client.get(address).content.decode()
    assert 'data-testid="first-contact"' in page and "box-1" in page and "Waiting for 1 more" in page


def test_senseless_numbers_are_refused_beside_the_field(client_as: Callable[[str], Client]) -> None:
    answer = client_as("DEVOPS").post("/nodes/enrol/", {**FORM, "uses": "0"}, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert answer.status_code == 422 and 'aria-invalid="true"' in page and "<html" not in page
    assert not EnrollmentToken.objects.exists()


def test_approving_unseen_needs_the_right_to_approve(
    client_as: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ALLOWED, "DEVOPS", ALLOWED["DEVOPS"] - {Action.NODES_APPROVE})
    client = client_as("DEVOPS")
    assert client.post("/nodes/enrol/", FORM).status_code == 403
    assert not EnrollmentToken.objects.exists()
    unapproved = {name: value for name, value in FORM.items() if name != "auto_approve"}
    assert shown_token(client.post("/nodes/enrol/", unapproved).content.decode())


def test_token_of_nobody_is_not_found(client_as: Callable[[str], Client]) -> None:
    address = "/nodes/enrol/00000000-0000-4000-8000-000000000000/"
    assert client_as("DEVOPS").get(address).status_code == 404


def test_pending_node_offers_its_approval(client_as: Callable[[str], Client]) -> None:
    node = make.node(status="pending")
    page = client_as("DEVOPS").get(f"/nodes/{node.pk}/").content.decode()
    assert 'data-testid="approve"' in page and "waits for approval" in page
