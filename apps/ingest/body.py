"""Reading a request's body: bounded in size, time and in what all requests together may hold."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from apps.core.errors import Invalid
from apps.core.inflate import too_large, unpack
from apps.ingest.errors import SlowBody, busy

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
MOST_BYTES: Final = 8 * 1024 * 1024
LONGEST_SECONDS: Final = 20.0
MOST_HELD_BYTES: Final = 64 * 1024 * 1024
UNPACKED_AT_ONCE_BYTES: Final = 64 * 1024
MOST_UNPACKING: Final = 2


class SenderGoneError(Exception):
    """The sender hung up before the body was whole; there is nobody to answer."""


class Held:
    """What the bodies of all requests in progress may occupy together."""

    def __init__(self, most: int = MOST_HELD_BYTES) -> None:
        """Start empty."""
        self.most = most
        self.taken = 0
        # What is being unpacked is not counted yet, so only a few threads may be at it.
        self.unpacking = asyncio.Semaphore(MOST_UNPACKING)

    @contextmanager
    def share(self) -> Iterator["Share"]:
        """Give one request its share for the block; whatever it grew to is given back."""
        share = Share(self)
        try:
            yield share
        finally:
            self.taken -= share.size


@dataclass(slots=True)
class Share:
    """What one request holds."""

    held: Held
    size: int = 0

    def grow(self, size: int) -> None:
        """Hold so many bytes more; raises Unavailable when there is no room."""
        if self.held.taken + size > self.held.most:
            raise busy()
        self.held.taken += size
        self.size += size


def declared_size(headers: dict[bytes, bytes]) -> int:
    """Return Content-Length, or the limit when the sender does not tell; raises TooLarge or Invalid."""
    text = headers.get(b"content-length")
    if text is None:
        return MOST_BYTES
    if not text.isdigit():
        raise Invalid("bad_length", "Content-Length is not a number.")
    if len(text) > 12 or int(text) > MOST_BYTES:
        raise too_large(MOST_BYTES)
    return int(text)


async def read_body(
    headers: dict[bytes, bytes], receive: Receive, share: Share, seconds: float = LONGEST_SECONDS
) -> bytes:
    """Return the body, unpacked; raises TooLarge, SlowBody, UnsupportedEncoding, Unavailable or Invalid."""
    try:
        async with asyncio.timeout(seconds):
            packed = await _collect(receive, share)
    except TimeoutError:
        raise SlowBody("slow_body", f"The body did not arrive within {seconds:g} seconds.") from None
    body = await _unpacked(packed, headers.get(b"content-encoding", b"").decode("latin1"), share.held)
    if body is not packed:
        share.grow(len(body))
    return body


async def _unpacked(packed: bytes, encoding: str, held: Held) -> bytes:
    """Unpack a small body here and a large one in a thread, where it keeps no other request waiting."""
    if len(packed) <= UNPACKED_AT_ONCE_BYTES:
        return unpack(packed, encoding, MOST_BYTES)
    async with held.unpacking:
        return await asyncio.to_thread(unpack, packed, encoding, MOST_BYTES)


async def _collect(receive: Receive, share: Share) -> bytes:
    """Put the pieces of the body together, stopping at the limit."""
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderGoneError
        piece = message.get("body", b"")
        size += len(piece)
        if size > MOST_BYTES:
            raise too_large(MOST_BYTES)
        share.grow(len(piece))
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)
