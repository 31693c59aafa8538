"""Keys at the door: one answer to all that are not accepted, and an ended key stores nothing any more."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from apps.accounts.models import Tenant
from apps.core.keys import AGENT_KEY, new_key
from apps.nodes.models import NodeApiKey
from apps.nodes.services import revoke_key
from tests import make
from tests.ingest.conftest import Agent

pytestmark = pytest.mark.flow
OK = {"status": "ok"}


def refusal(agent: Agent) -> tuple[int, str]:
    """Return status and body of a heartbeat that must not be taken."""
    answer = agent.post("heartbeat", OK)
    assert answer.headers["www-authenticate"] == "Bearer"
    return answer.status_code, answer.text


def test_every_bad_key_gets_the_same_answer(agent: Agent) -> None:
    key = NodeApiKey.objects.get(node=agent.node)
    good, answers = agent.key, set()
    for text in ("x", "nonsense", "omg_", new_key(AGENT_KEY).text, good[:-1] + "x", make.enrollment_token()):
        agent.key = text
        answers.add(refusal(agent))
    agent.key = good
    for change in (
        {"expires_at": datetime.now(UTC) - timedelta(seconds=1)},
        {"expires_at": None, "allowed_ips": ["10.0.0.0/8"]},
        {"allowed_ips": ["not an address"]},
        {"allowed_ips": [], "digest": b"0" * 32},
        {"revoked_at": datetime.now(UTC)},
    ):
        NodeApiKey.objects.filter(pk=key.pk).update(**change)
        answers.add(refusal(agent))
    assert answers == {(401, '{"code":"invalid_key","detail":"The key is not accepted."}')}


def test_revoked_key_is_refused_at_the_next_request(agent: Agent) -> None:
    assert agent.post("heartbeat", OK).status_code == 200
    revoke_key(key=NodeApiKey.objects.get(node=agent.node), reason="lost", now=datetime.now(UTC))
    assert refusal(agent)[0] == 401


def test_key_of_an_inactive_tenant_is_refused(agent: Agent) -> None:
    Tenant.objects.filter(pk=agent.node.tenant_id).update(is_active=False)
    assert refusal(agent)[0] == 401


def test_second_key_opens_too_and_networks_are_honoured(agent: Agent) -> None:
    agent.key = make.key(agent.node).text
    NodeApiKey.objects.filter(node=agent.node).update(allowed_ips=["10.0.0.0/8", "127.0.0.0/8"])
    assert agent.post("heartbeat", OK).status_code == 200


def test_key_without_the_scope_is_refused(agent: Agent) -> None:
    NodeApiKey.objects.filter(node=agent.node).update(scopes=["config:read"])
    answer = agent.post("heartbeat", OK)
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


def test_key_in_the_address_is_ignored(agent: Agent) -> None:
    answer = httpx.post(f"{agent.url}/api/v1/agent/heartbeat?key={agent.key}", json=OK)
    assert answer.status_code == 401
