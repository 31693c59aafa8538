"""Who is asking: the key's validity is read in the same transaction that stores, so a revoked key stores nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from apps.core.address import Address, is_allowed
from apps.core.errors import Forbidden, Unauthenticated
from apps.core.keys import AGENT_KEY, ParsedKey, digests_match, parse
from apps.ingest.database import Connection, execute, fetch_all

SCHEME: Final = "bearer"
SCOPE: Final = "ingest"
RETIRED: Final = "retired"
PENDING: Final = "pending"
NODE_PENDING: Final = "node_pending"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Caller:
    """Who knocks, as presented: nothing of it is proven yet."""

    key: ParsedKey
    address: Address | None
    node_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reporter:
    """The node a valid key belongs to."""

    node_id: UUID
    tenant_id: UUID
    status: str
    heartbeat_interval_seconds: int
    is_use_due: bool = False

    @property
    def is_pending(self) -> bool:
        """Whether a person has still to approve the node."""
        return self.status == PENDING


def presented_key(authorization: str) -> ParsedKey:
    """Return the key of an Authorization header; raises Unauthenticated."""
    scheme, _, text = authorization.partition(" ")
    key = parse(text.strip(), AGENT_KEY) if scheme.lower() == SCHEME else None
    if key is None:
        raise invalid_key()
    return key


def invalid_key() -> Unauthenticated:
    """Return the one answer to every key that is not accepted, whatever the reason."""
    return Unauthenticated("invalid_key", "The key is not accepted.")


class KnownRefused(Forbidden):
    """A refusal of a sender whose node is known by its key."""

    def __init__(self, node_id: UUID, code: str, detail: str, *, field: str | None = None) -> None:
        """Take whose request is refused, and why."""
        super().__init__(code, detail, field=field)
        self.node_id = node_id


def waits_for_approval(node_id: UUID) -> KnownRefused:
    """Return the answer to a node that nobody has approved yet."""
    return KnownRefused(node_id, NODE_PENDING, "This node waits for approval; keep the data and come again.")


async def identify(
    connection: Connection, callers: Sequence[Caller], now: datetime
) -> list[Reporter | Unauthenticated | KnownRefused]:
    """Return for each caller the node that reports, or why it is refused; one statement for all of them."""
    params = {"key_ids": list({caller.key.key_id for caller in callers}), "now": now}
    rows = {row["key_id"]: row for row in await fetch_all(connection, "identify.sql", params)}
    return [_judge(caller, rows.get(caller.key.key_id)) for caller in callers]


async def identify_one(connection: Connection, caller: Caller, now: datetime) -> Reporter:
    """Return the node of one caller and note the use of its key; raises Unauthenticated or Forbidden."""
    [reporter] = await identify(connection, [caller], now)
    if not isinstance(reporter, Reporter):
        raise reporter
    await note_use(connection, [(caller, reporter)], now)
    return reporter


def _judge(caller: Caller, row: dict[str, Any] | None) -> Reporter | Unauthenticated | KnownRefused:
    """Return the node a key belongs to, or why the caller is refused."""
    if row is None or not digests_match(caller.key.digest, bytes(row["digest"])):
        return invalid_key()
    if not is_allowed(caller.address, row["allowed_ips"]):
        return invalid_key()
    node_id: UUID = row["node_id"]
    if SCOPE not in row["scopes"]:
        return KnownRefused(node_id, "missing_scope", "The key is not meant for sending data.")
    if row["status"] == RETIRED:
        return KnownRefused(node_id, "node_retired", "This node is retired; its agent can be removed.")
    if caller.node_id is not None and caller.node_id.lower() != str(node_id):
        return KnownRefused(
            node_id, "wrong_node", "The key belongs to another node than the one named.", field="node_id"
        )
    return Reporter(node_id, row["tenant_id"], row["status"], row["heartbeat_interval_seconds"], row["is_use_due"])


async def note_use(connection: Connection, used: Iterable[tuple[Caller, Reporter]], now: datetime) -> None:
    """Note that keys were used, each at most once a minute."""
    rows = {
        caller.key.key_id: {"key_id": caller.key.key_id, "address": str(caller.address) if caller.address else None}
        for caller, reporter in used
        if reporter.is_use_due
    }
    if rows:
        params = {"rows": _encode(list(rows.values())).decode(), "now": now}
        await execute(connection, "note_key_use.sql", params)
