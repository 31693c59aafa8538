"""One request as the doors see it: its headers, its sender, and its body once it is asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core.address import Address, client_address
from apps.core.keys import ParsedKey
from apps.ingest.body import Receive
from apps.ingest.keys import presented_key

Scope = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose key has the right form; whether it is valid is found out in the database."""

    headers: dict[bytes, bytes]
    receive: Receive
    key: ParsedKey
    address: Address | None
    now: datetime


def request_of(scope: Scope, receive: Receive, now: datetime, trusted_proxies: int) -> Request:
    """Read a request's head; raises Unauthenticated when it carries no key of ours."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    key = presented_key(headers.get(b"authorization", b"").decode("latin1"))
    peer = scope["client"][0] if scope.get("client") else None
    forwarded = [value.decode("latin1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return Request(headers, receive, key, client_address(peer, forwarded, trusted_proxies), now)
