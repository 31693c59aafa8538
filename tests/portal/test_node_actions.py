"""Buttons of the node page: each changes one thing, says so, and says why when it does not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from apps.audit.models import AuditLog
from apps.nodes.models import Node, NodeApiKey
from tests import make


@pytest.fixture
def otto(client_as: Callable[[str], Client]) -> Client:
    """Otto operates the fleet."""
    return client_as("DEVOPS")


def greeting(answer: Any) -> str:
    """Return the message that the next page will show."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_approval_lets_a_pending_node_in(otto: Client) -> None:
    node = make.node(status="pending")
    answer = otto.post(f"/nodes/{node.pk}/approve/")
    node.refresh_from_db()
    assert node.status == "active" and answer["Location"] == f"/nodes/{node.pk}/"
    assert "approved" in greeting(answer)


def test_approval_of_an_active_node_says_why_not(otto: Client) -> None:
    assert "Cannot approve" in greeting(otto.post(f"/nodes/{make.node().pk}/approve/"))


def test_approval_of_many_passes_over_what_is_no_longer_pending(otto: Client) -> None:
    waiting, active = make.node(status="pending"), make.node()
    answer = otto.post("/nodes/approve/", {"node": [str(waiting.pk), str(active.pk), "damaged"]})
    waiting.refresh_from_db()
    assert waiting.status == "active"
    assert all(text in greeting(answer) for text in ("1 node was approved", "Cannot approve", "damaged"))


def test_drain_keeps_reason_and_plan_and_return_ends_it(otto: Client) -> None:
    node, until = make.node(), timezone.now() + timedelta(days=1)
    otto.post(f"/nodes/{node.pk}/drain/", {"reason": "new disks", "until": f"{until:%Y-%m-%dT%H:%M}"})
    node.refresh_from_db()
    assert (node.is_draining, node.drain_reason) == (True, "new disks")
    assert node.drain_until and abs(node.drain_until - until) < timedelta(minutes=1)
    otto.post(f"/nodes/{node.pk}/return/")
    node.refresh_from_db()
    assert not node.is_draining


def test_drain_into_the_past_is_refused_beside_the_field(otto: Client) -> None:
    node = make.node()
    answer = otto.post(f"/nodes/{node.pk}/drain/", {"reason": "x", "until": "2020-01-01T00:00"})
    assert answer.status_code == 422 and "already passed" in answer.content.decode()


@pytest.mark.parametrize(("typed", "status", "state"), [("node", 422, "active"), ("db-1", 302, "retired")])
def test_retirement_needs_the_exact_host_name(otto: Client, typed: str, status: int, state: str) -> None:
    node = make.node(hostname="db-1")
    answer = otto.post(f"/nodes/{node.pk}/retire/", {"typed": typed, "reason": "sold"})
    node.refresh_from_db()
    assert (answer.status_code, node.status) == (status, state)


def test_dialog_success_tells_the_script_where_to_go(otto: Client) -> None:
    node = make.node(hostname="db-1")
    form = {"typed": "db-1", "reason": "sold"}
    answer = otto.post(f"/nodes/{node.pk}/retire/", form, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"/nodes/{node.pk}/"


def test_new_key_is_shown_once_and_never_again(otto: Client) -> None:
    node = make.node()
    answer = otto.post(f"/nodes/{node.pk}/keys/issue/", {"label": "spare"})
    key = NodeApiKey.objects.get(node=node)
    assert f"omg_{key.key_id}_" in answer.content.decode() and answer["Cache-Control"] == "no-store"
    listed = otto.get(f"/nodes/{node.pk}/keys/").content.decode()
    assert f"omg_{key.key_id}_…" in listed and listed.count(f"omg_{key.key_id}") == 1


def test_third_live_key_is_refused_on_the_form(otto: Client) -> None:
    node = make.node()
    make.key(node), make.key(node)
    answer = otto.post(f"/nodes/{node.pk}/keys/issue/", {"label": ""})
    assert answer.status_code == 422 and "two live keys" in answer.content.decode()


def test_rotation_leaves_the_old_key_its_overlap(otto: Client) -> None:
    node = make.node()
    old = make.key(node).row
    otto.post(f"/nodes/{node.pk}/keys/{old.key_id}/rotate/", {"overlap_hours": "1"})
    old.refresh_from_db()
    assert old.expires_at and abs(old.expires_at - timezone.now() - timedelta(hours=1)) < timedelta(minutes=1)
    assert NodeApiKey.objects.filter(node=node).count() == 2


def test_revocation_keeps_its_reason(otto: Client) -> None:
    node = make.node()
    key = make.key(node).row
    assert otto.post(f"/nodes/{node.pk}/keys/{key.key_id}/revoke/", {"reason": "lost laptop"}).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at
    assert AuditLog.objects.get(action="NODE_KEY_REVOKED").reason == "lost laptop"


def test_key_of_another_node_is_not_found(otto: Client) -> None:
    key = make.key(make.node()).row
    assert otto.post(f"/nodes/{make.node().pk}/keys/{key.key_id}/revoke/", {"reason": "x"}).status_code == 404


def test_each_button_leaves_exactly_one_event(otto: Client) -> None:
    node = make.node(hostname="db-1")
    before = AuditLog.objects.filter(is_row_image=False).count()
    otto.post(f"/nodes/{node.pk}/drain/", {"reason": "disks"})
    otto.post(f"/nodes/{node.pk}/return/")
    otto.post(f"/nodes/{node.pk}/retire/", {"typed": "db-1", "reason": "sold"})
    assert AuditLog.objects.filter(is_row_image=False).count() - before == 3
    assert Node.objects.get(pk=node.pk).status == "retired"
