"""Who is asking: the key's validity is read in the same transaction that stores, so a revoked key stores nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from apps.core.address import Address, is_allowed
from apps.core.errors import Forbidden, Unauthenticated
from apps.core.keys import AGENT_KEY, ParsedKey, digests_match, parse
from apps.ingest.database import Connection, execute, fetch_one

SCHEME: Final = "bearer"
SCOPE: Final = "ingest"
RETIRED: Final = "retired"
PENDING: Final = "pending"


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

    @property
    def is_pending(self) -> bool:
        """Whether a person has still to approve the node."""
        return self.status == PENDING

    def must_be_approved(self) -> None:
        """Raise Forbidden while a person has not approved the node."""
        if self.is_pending:
            raise waits_for_approval()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whose data was taken, and the content of the answer."""

    node_id: UUID
    content: dict[str, Any]


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


def waits_for_approval() -> Forbidden:
    """Return the answer to a node that nobody has approved yet."""
    return Forbidden("node_pending", "This node waits for approval; keep the data and come again.")


async def identify(connection: Connection, caller: Caller, now: datetime) -> Reporter:
    """Return the node that reports and note that its key was used; raises Unauthenticated or Forbidden."""
    row = await fetch_one(connection, "identify.sql", {"key_id": caller.key.key_id, "now": now})
    if row is None or not digests_match(caller.key.digest, bytes(row["digest"])):
        raise invalid_key()
    if not is_allowed(caller.address, row["allowed_ips"]):
        raise invalid_key()
    if SCOPE not in row["scopes"]:
        raise Forbidden("missing_scope", "The key is not meant for sending data.")
    if row["status"] == RETIRED:
        raise Forbidden("node_retired", "This node is retired; its agent can be removed.")
    if caller.node_id is not None and caller.node_id.lower() != str(row["node_id"]):
        raise Forbidden("wrong_node", "The key belongs to another node than the one named.", field="node_id")
    if row["is_use_due"]:
        address = str(caller.address) if caller.address else None
        await execute(connection, "note_key_use.sql", {"key_id": caller.key.key_id, "now": now, "address": address})
    return Reporter(row["node_id"], row["tenant_id"], row["status"], row["heartbeat_interval_seconds"])
