"""Keys of a node: two at most, the old one lives on for a while, an ended one never again."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.audit.models import AuditLog
from apps.core.context import RequestContext, acting
from apps.core.errors import Conflict
from apps.nodes.models import Node, NodeApiKey
from apps.nodes.rules import KEY_OVERLAP
from apps.nodes.selectors import keys_of
from apps.nodes.services import issue_key, retire_node, revoke_key, rotate_key
from apps.nodes.services.keys import live_keys
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def node(db: None) -> Node:
    """A node without a key."""
    return make.node()


def live(node: Node, at: datetime) -> set[str]:
    """Return the ids of the keys that open the door at a time."""
    return set(live_keys(node, at).values_list("key_id", flat=True))


def test_third_live_key_is_refused_until_one_ended(node: Node, now: datetime) -> None:
    first, _ = make.key(node, now), make.key(node, now)
    with pytest.raises(Conflict) as refusal, transaction.atomic():
        make.key(node, now)
    revoke_key(key=first.row, reason="lost", now=now)

    assert refusal.value.code == "two_live_keys"
    assert make.key(node, now).row.key_id in live(node, now)


def test_database_itself_holds_the_two(node: Node, now: datetime) -> None:
    make.key(node), make.key(node)
    with pytest.raises(IntegrityError, match="at most two live keys"), transaction.atomic():
        NodeApiKey.objects.create(key_id="abcdefabcdef", node=node, digest=b"x" * 32)


def test_rotation_leaves_the_old_key_alive_for_the_overlap(node: Node, now: datetime) -> None:
    old = issue_key(node=node, label="rack 3", now=now).row
    new = rotate_key(node=node, old_key=old, now=now).row

    assert live(node, now) == live(node, now + KEY_OVERLAP - timedelta(seconds=1)) == {old.key_id, new.key_id}
    assert live(node, now + KEY_OVERLAP) == {new.key_id}
    assert new.label == "rack 3"


def test_rotation_ends_any_third_key_and_never_prolongs_the_old_one(node: Node, now: datetime) -> None:
    oldest = make.key(node, now - timedelta(days=2)).row
    old = make.key(node, now - timedelta(days=1)).row
    NodeApiKey.objects.filter(pk=old.pk).update(expires_at=now + timedelta(minutes=5))

    new = rotate_key(node=node, old_key=old, now=now).row

    assert live(node, now) == {old.key_id, new.key_id}
    assert live(node, now + timedelta(minutes=5)) == {new.key_id}
    oldest.refresh_from_db()
    assert oldest.revoked_at == now


def test_rotation_twice_in_a_row_keeps_the_agent_that_missed_one_in(node: Node, now: datetime) -> None:
    first = make.key(node, now).row
    second = rotate_key(node=node, old_key=first, now=now).row
    third = rotate_key(node=node, old_key=first, now=now + timedelta(minutes=1)).row

    assert live(node, now + timedelta(minutes=1)) == {first.key_id, third.key_id}
    assert second.key_id not in live(node, now + timedelta(minutes=1))


def test_rotation_without_overlap_ends_every_old_key_at_once(node: Node, now: datetime) -> None:
    make.key(node, now), make.key(node, now)
    new = rotate_key(node=node, old_key=None, now=now, overlap=timedelta(0)).row

    assert live(node, now) == {new.key_id}


def test_rotation_with_an_ended_key_does_not_bring_it_back(node: Node, now: datetime) -> None:
    ended = make.key(node, now).row
    revoke_key(key=ended, reason="stolen", now=now)
    new = rotate_key(node=node, old_key=ended, now=now).row

    assert live(node, now) == {new.key_id}


def test_revoked_key_ends_at_once_is_recorded_with_its_reason_and_cannot_end_twice(node: Node, now: datetime) -> None:
    key = make.key(node, now).row
    with acting(RequestContext(user_email="ada@example.test", user_role="ADMIN", tenant_ids="all")):
        revoke_key(key=key, reason="laptop stolen", now=now)
    with pytest.raises(Conflict) as refusal:
        revoke_key(key=key, reason="again", now=now)

    assert (live(node, now), refusal.value.code) == (set(), "already_revoked")
    event = AuditLog.objects.get(action="NODE_KEY_REVOKED")
    assert (event.reason, event.user_email, event.resource_id) == ("laptop stolen", "ada@example.test", key.key_id)
    image = AuditLog.objects.filter(resource_type="node_api_key", is_row_image=True).latest("id")
    assert (image.reason, list(image.details["after"])) == ("laptop stolen", ["revoked_at"])


def test_retired_node_gets_no_key_and_loses_those_it_had(node: Node, now: datetime) -> None:
    make.key(node, now)
    retire_node(node=node, reason="sold", now=now)

    assert live(node, now) == set()
    with pytest.raises(Conflict) as refusal:
        issue_key(node=node, label="", now=now)
    assert refusal.value.code == "node_retired"


def test_text_of_a_key_is_kept_nowhere(node: Node, now: datetime) -> None:
    issued = make.key(node, now)
    secret = issued.text.rpartition("_")[2]

    assert [key.key_id for key in keys_of(node)] == [issued.row.key_id]
    assert secret not in " ".join(f"{entry.details} {entry.resource_id}" for entry in AuditLog.objects.all())
    assert str(issued.row) == f"omg_{issued.row.key_id}_…"
