"""The addresses of foreign collectors: the key, the limits and the guarantees of our own calls, other words.

Whatever happens gets an answer in the protocol's own form, given after COMMIT. What is no fault of the sender is
answered so that it sends again.
"""

import base64
import binascii
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from apps.core.errors import Invalid, NotFound, PortalError
from apps.ingest.answers import Send
from apps.ingest.body import Receive, SenderGoneError
from apps.ingest.door import Door
from apps.ingest.errors import NotAllowed, SlowBody, Unavailable
from apps.ingest.foreign import influx, otlp, prometheus
from apps.ingest.foreign.gather import Parts
from apps.ingest.foreign.head import Head, Reply
from apps.ingest.keys import NODE_PENDING, Caller
from apps.ingest.requests import Request, Scope, request_of
from apps.ingest.samples import Write, Written

log = logging.getLogger(__name__)
BASE: Final = "/api/v1/agent/"
KEY_PREFIX: Final = "omg_"
RETRY_SECONDS: Final = 5
# These protocols take longer to read than ours, a few milliseconds for so much.
AT_ONCE_BYTES: Final = 32 * 1024


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a protocol is read and answered; each part raises PortalError or nothing."""

    name: str
    check: Callable[[Head], None]
    decode: Callable[[bytes, Head], Parts]
    accepted: Callable[[Written, Parts, Head], Reply]
    refused: Callable[[PortalError, Head], Reply]


PROMETHEUS: Final = Protocol("prometheus", prometheus.check, prometheus.decode, prometheus.accepted, prometheus.refused)
OTLP: Final = Protocol("otlp", otlp.check, otlp.decode, otlp.accepted, otlp.refused)
INFLUX_1: Final = Protocol("influx", influx.check_first, influx.decode, influx.accepted, influx.refused)
INFLUX_2: Final = Protocol("influx", influx.check_second, influx.decode, influx.accepted, influx.refused)
ADDRESSES: Final[dict[str, Protocol]] = {
    f"{BASE}prometheus/write": PROMETHEUS,
    f"{BASE}prometheus/api/v1/write": PROMETHEUS,
    f"{BASE}otlp/v1/metrics": OTLP,
    f"{BASE}influx/write": INFLUX_1,
    f"{BASE}influx/api/v2/write": INFLUX_2,
}
# Clients of InfluxDB ask whether the server is there before they write; that tells nobody anything.
GREETINGS: Final = (f"{BASE}influx/ping", f"{BASE}influx/health")
SUBTREES: Final = {f"{BASE}{protocol.name}/": protocol for protocol in (PROMETHEUS, OTLP, INFLUX_1)}


class Foreign:
    """What answers foreign collectors."""

    def __init__(self, door: Door, trusted_proxies: int) -> None:
        """Take the door that stores, and how many proxies may speak for a sender."""
        self._door = door
        self._trusted_proxies = trusted_proxies

    def takes(self, path: str) -> bool:
        """Tell whether an address belongs to a foreign protocol."""
        return path.startswith(tuple(SUBTREES))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        path: str = scope["path"]
        head = Head(path, scope["query_string"].decode("latin1"), dict(scope["headers"]), datetime.now(UTC))
        protocol = next(found for base, found in SUBTREES.items() if path.startswith(base))
        try:
            reply = await self._reply(scope, receive, head)
        except SenderGoneError:
            return
        except PortalError as error:
            reply = refusal(protocol, error, head)
        except Exception:  # the process's edge: a collector must get an answer it understands
            log.exception("a request failed")
            reply = refusal(protocol, Unavailable("internal_error", "The request failed; it is logged."), head)
        await _send(send, reply)

    async def _reply(self, scope: Scope, receive: Receive, head: Head) -> Reply:
        """Return the answer to a request; raises PortalError."""
        if head.path in GREETINGS and scope["method"] in ("GET", "HEAD"):
            return Reply(204)
        protocol = ADDRESSES.get(head.path)
        if protocol is None:
            raise NotFound("not_found", "There is nothing at this address.")
        if scope["method"] != "POST":
            raise NotAllowed("method_not_allowed", "This address takes POST only.")
        if KEY_PREFIX in head.query:
            raise Invalid("key_in_address", "Addresses end up in logs: send a key in a header, and replace this one.")
        protocol.check(head)
        request = request_of(_bearing(scope, head), receive, head.now, self._trusted_proxies)
        return await self._take(protocol, request, head)

    async def _take(self, protocol: Protocol, request: Request, head: Head) -> Reply:
        """Read, judge and store a body, and return the answer."""
        with self._door.held.share() as share:
            body = await self._door.read(request, share)
            parts = await self._door.judge(body, lambda: protocol.decode(body, head), AT_ONCE_BYTES)
            written = await self._door.write(_write(protocol, request, parts, head, len(body)), protocol.name)
        return protocol.accepted(written, parts, head)


def _write(protocol: Protocol, request: Request, parts: Parts, head: Head, size: int) -> Write:
    """Return what is to be stored."""
    return Write(
        caller=Caller(request.key, request.address),
        now=head.now,
        batch_id=parts.batch_id,
        samples=parts.samples,
        families=parts.families,
        rejected=parts.rejected,
        tolerated=parts.tolerated,
        is_contact=True,
        agent_version=head.sender,
        is_vitals_source=parts.has_vitals,
        size=size,
    )


def _bearing(scope: Scope, head: Head) -> Scope:
    """Return the request with its key as our own calls carry it: InfluxDB's clients send it in other clothes."""
    scheme, _, text = head.header("authorization").partition(" ")
    key = text.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode("latin1").partition(":")[2]
        except (binascii.Error, ValueError):
            key = ""
    elif scheme.lower() != "token":
        return scope
    headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
    return {**scope, "headers": [*headers, (b"authorization", b"Bearer " + key.encode("latin1", "ignore"))]}


def refusal(protocol: Protocol, error: PortalError, head: Head) -> Reply:
    """Return the answer to a refusal, with when to come again where that helps."""
    # Collectors drop what was answered 403 or 408, and this is to come again.
    if isinstance(error, SlowBody) or error.code == NODE_PENDING:
        error = Unavailable(error.code, error.detail)
    reply = protocol.refused(error, head)
    retry_after = getattr(error, "retry_after", RETRY_SECONDS if error.status >= 500 else None)
    if retry_after is not None:
        reply.headers["Retry-After"] = str(retry_after)
    if error.status == 401:
        reply.headers["WWW-Authenticate"] = "Bearer"
    if error.status == 405:
        reply.headers["Allow"] = "POST"
    return reply


async def _send(send: Send, reply: Reply) -> None:
    """Send an answer."""
    lines = {"cache-control": "no-store", "x-content-type-options": "nosniff", **reply.headers}
    if reply.status != 204:
        lines |= {"content-type": reply.content_type, "content-length": str(len(reply.body))}
    raw = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if reply.status == 204 else reply.body})
