"""Which node a presented key belongs to, for doors that talk to agents."""

from datetime import datetime, timedelta
from typing import Final

from apps.core.address import Address, is_allowed
from apps.core.context import acting, as_agent
from apps.core.errors import Forbidden, Unauthenticated
from apps.core.keys import AGENT_KEY, ParsedKey, digests_match, parse
from apps.nodes.lookups import tenant_of_key
from apps.nodes.models import NodeApiKey, NodeStatus

USE_NOTED_EVERY: Final = timedelta(minutes=1)


def key_presented(*, text: str, address: Address | None, now: datetime) -> NodeApiKey:
    """Return the live key with its node; raises Unauthenticated, one and the same for every bad key.

    Raises Forbidden for a retired node. The use is noted at most once a minute.
    """
    parsed = parse(text, AGENT_KEY)
    tenant_id = tenant_of_key(parsed.key_id) if parsed else None
    if parsed is None or tenant_id is None:
        raise _refused()
    with acting(as_agent("", tenant_id)):
        return _accepted(parsed, address, now)


def _accepted(parsed: ParsedKey, address: Address | None, now: datetime) -> NodeApiKey:
    """Return the key if it opens the door at this moment; raises as `key_presented` does."""
    key = NodeApiKey.objects.select_related("node__tenant").filter(key_id=parsed.key_id).first()
    if key is None or not digests_match(bytes(key.digest), parsed.digest):
        raise _refused()
    if key.revoked_at or (key.expires_at and key.expires_at <= now) or not is_allowed(address, key.allowed_ips):
        raise _refused()
    if not key.node.tenant.is_active:
        raise _refused()
    if key.node.status == NodeStatus.RETIRED:
        raise Forbidden("node_retired", "This node is retired.")
    if key.last_used_at is None or now - key.last_used_at > USE_NOTED_EVERY:
        NodeApiKey.objects.filter(pk=key.pk).update(last_used_at=now, last_used_ip=str(address) if address else None)
    return key


def _refused() -> Unauthenticated:
    """Return the one answer to every key that is not accepted."""
    return Unauthenticated("invalid_key", "The key is not accepted.")
