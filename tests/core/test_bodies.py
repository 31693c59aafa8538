"""Bodies are bounded in size and time before anything keeps them."""

import asyncio
import json
from typing import Any

import pytest
from django.core.asgi import get_asgi_application

from apps.core.bodies import MOST_BYTES, BoundedBodies

PIECE = b"x" * (1024 * 1024)


class Sender:
    """A client that sends pieces of a body, and keeps what it is answered."""

    def __init__(self, pieces: list[bytes], pause: float = 0.0) -> None:
        self.pieces, self.pause, self.sent = list(pieces), pause, 0
        self.answer: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(self.pause)
        if not self.pieces:
            await asyncio.sleep(60)
        self.sent += 1
        return {"type": "http.request", "body": self.pieces.pop(0), "more_body": bool(self.pieces)}

    async def send(self, message: Any) -> None:
        self.answer.append(message)

    @property
    def status(self) -> int:
        found: int = self.answer[0]["status"]
        return found

    @property
    def code(self) -> str:
        return str(json.loads(self.answer[1]["body"])["code"])


def scope(**headers: str) -> dict[str, Any]:
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http", "method": "POST", "path": "/healthz", "raw_path": b"/healthz", "query_string": b"",
        "root_path": "", "scheme": "http", "server": ("testserver", 80), "client": ("127.0.0.1", 1), "asgi": {},
        "http_version": "1.1", "headers": [(b"host", b"testserver"), *lines],
    }  # fmt: skip


async def ask(sender: Sender, seconds: float = 60.0, **headers: str) -> Sender:
    await BoundedBodies(get_asgi_application(), seconds)(scope(**headers), sender.receive, sender.send)
    return sender


async def test_a_declared_size_above_the_limit_is_refused_before_reading() -> None:
    sender = await ask(Sender([PIECE]), content_length=str(MOST_BYTES + 1))
    assert (sender.status, sender.code, sender.sent) == (413, "too_large", 0)


async def test_a_body_that_grows_too_large_is_cut_off() -> None:
    sender = await ask(Sender([PIECE] * 40))
    assert (sender.status, sender.code) == (413, "too_large")
    assert sender.sent == 9


async def test_a_body_that_does_not_arrive_is_refused() -> None:
    sender = await ask(Sender([b"x"] * 1000, pause=0.01), seconds=0.1)
    assert (sender.status, sender.code) == (408, "slow_body")


@pytest.mark.parametrize("length", ["", "nonsense", "-1", "9" * 30])
async def test_an_unreadable_length_is_no_way_around_the_limit(length: str) -> None:
    sender = await ask(Sender([PIECE] * 40), content_length=length)
    assert sender.status == 413


async def test_what_is_within_the_bounds_reaches_the_application() -> None:
    sender = await ask(Sender([b"{}"]))
    assert (sender.status, sender.sent) == (200, 1)
