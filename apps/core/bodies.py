"""Bounds the requests to the web process: address, headers, and the body before Django spools it to disk."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[..., Awaitable[None]]

MOST_BYTES: Final = 8 * 1024 * 1024
LONGEST_SECONDS: Final = 60.0
LONGEST_ADDRESS: Final = 8 * 1024
MOST_HEADERS: Final = 100
MOST_HEADER_BYTES: Final = 32 * 1024
TOO_LARGE: Final = (413, "too_large", f"A body holds at most {MOST_BYTES} bytes.")
LONG_ADDRESS: Final = (414, "long_address", f"An address holds at most {LONGEST_ADDRESS} bytes.")
LONG_HEADERS: Final = (
    431, "long_headers", f"A request has at most {MOST_HEADERS} headers of {MOST_HEADER_BYTES} bytes together.",
)  # fmt: skip
TOO_SLOW: Final = (408, "slow_body", f"The body did not arrive within {LONGEST_SECONDS:g} seconds.")


@dataclass(slots=True)
class _Exchange:
    """One request in progress: how much came, by when the rest must come, and what became of it."""

    receive: Receive
    send: Send
    deadline: float
    size: int = 0
    is_whole: bool = False
    is_answered: bool = False
    refusal: tuple[int, str, str] | None = None

    async def next_message(self) -> Message:
        """Pass on what comes; at a bound the application sees the sender hang up."""
        if self.is_whole:
            return await self.receive()
        try:
            async with asyncio.timeout_at(self.deadline):
                message = await self.receive()
        except TimeoutError:
            self.refusal = TOO_SLOW
            return {"type": "http.disconnect"}
        self.size += len(message.get("body", b""))
        self.is_whole = not message.get("more_body", False)
        if self.size > MOST_BYTES:
            self.refusal = TOO_LARGE
            return {"type": "http.disconnect"}
        return message

    async def pass_on(self, message: Message) -> None:
        """Send the application's answer."""
        self.is_answered = True
        await self.send(message)


class BoundedBodies:
    """Answers 413 or 408 itself; everything within the bounds is the application's business."""

    def __init__(self, application: Application, seconds: float = LONGEST_SECONDS) -> None:
        """Take the application behind."""
        self._application, self._seconds = application, seconds

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if refusal := _overlong(scope):
            await _refuse(send, *refusal)
            return
        exchange = _Exchange(receive, send, asyncio.get_running_loop().time() + self._seconds)
        await self._application(scope, exchange.next_message, exchange.pass_on)
        if exchange.refusal and not exchange.is_answered:
            await _refuse(send, *exchange.refusal)


def _overlong(scope: MutableMapping[str, Any]) -> tuple[int, str, str] | None:
    """Return the refusal of a request that is too large as far as one sees before its body."""
    if len(scope.get("raw_path") or b"") + len(scope.get("query_string", b"")) > LONGEST_ADDRESS:
        return LONG_ADDRESS
    headers = list(scope["headers"])
    if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > MOST_HEADER_BYTES:
        return LONG_HEADERS
    return TOO_LARGE if _declared_size(scope) > MOST_BYTES else None


def _declared_size(scope: MutableMapping[str, Any]) -> int:
    """Return Content-Length; 0 where there is none that could be read."""
    text = dict(scope["headers"]).get(b"content-length", b"0")
    return int(text) if text.isdigit() and len(text) < 20 else 0


async def _refuse(send: Send, status: int, code: str, detail: str) -> None:
    """Answer with an error and close the connection, since the rest of the body is never read."""
    body = json.dumps({"code": code, "detail": detail}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
