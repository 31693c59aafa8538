"""Answers: JSON, never cached, errors as {code, detail, field?, index?}."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from apps.core.errors import PortalError

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_encode = msgspec.json.Encoder().encode


async def answer(send: Send, status: int, content: object, headers: dict[str, str] | None = None) -> None:
    """Send a JSON answer."""
    body = _encode(content)
    fixed = {"content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff"}
    lines = {**fixed, "content-length": str(len(body)), **(headers or {})}
    raw = [(name.encode("latin1"), value.encode("latin1")) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, error: PortalError) -> None:
    """Send an error; one that passes says when to come again."""
    headers = {}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.status == 405:
        headers["allow"] = "POST"
    await answer(send, error.status, error.as_json(), headers)
