"""A request of the web process: in one thread from its begin to its end, and over before its answer is sent."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db.transaction import non_atomic_requests
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path

from apps.core.handler import OneThread

events: list[str] = []


async def pieces() -> AsyncIterator[bytes]:
    """Yield without end."""
    try:
        while True:
            yield b"piece"
    finally:
        events.append("stream ended")


async def broken() -> AsyncIterator[bytes]:
    """Break in the middle."""
    yield b"half"
    raise ValueError("broken")


def whole(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(threading.get_ident()))


def stream(request: HttpRequest) -> HttpResponseBase:
    return StreamingHttpResponse(pieces())


def broken_stream(request: HttpRequest) -> HttpResponseBase:
    return StreamingHttpResponse(broken())


urlpatterns = [
    path("whole/", non_atomic_requests(whole)),
    path("stream/", non_atomic_requests(stream)),
    path("broken/", non_atomic_requests(broken_stream)),
]


@pytest.fixture(autouse=True)
def own_addresses(settings: Any) -> None:
    """Serve the views above, behind middleware of both kinds and without a database."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
    events.clear()


class Taker:
    """Asks for a path; goes away after some messages."""

    def __init__(self, where: str, leaves_after: int | None = None) -> None:
        self.where, self.leaves_after = where, leaves_after
        self.taken: list[Any] = []
        self.has_asked = False

    async def receive(self) -> dict[str, Any]:
        if not self.has_asked:
            self.has_asked = True
            return {"type": "http.request", "body": b""}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.taken.append(message)
        events.append(message["type"])
        if self.leaves_after is not None and len(self.taken) >= self.leaves_after:
            self.gone.set()
        await asyncio.sleep(0)

    async def ask(self, handler: OneThread) -> "Taker":
        self.gone = asyncio.Event()
        scope = {
            "type": "http", "method": "GET", "path": self.where, "raw_path": self.where.encode(), "query_string": b"",
            "root_path": "", "scheme": "http", "server": ("testserver", 80), "client": ("127.0.0.1", 1), "asgi": {},
            "http_version": "1.1", "headers": [(b"host", b"testserver")],
        }  # fmt: skip
        await handler(scope, self.receive, self.send)
        return self

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.taken)


@contextmanager
def noted(signal: Signal, what: str) -> Iterator[None]:
    """Note when and in which thread something happens."""

    def note(**_: Any) -> None:
        events.append(f"{what} in {threading.get_ident()}")

    signal.connect(note)
    try:
        yield
    finally:
        signal.disconnect(note)


async def test_a_request_is_over_in_its_thread_before_its_answer_is_sent() -> None:
    with noted(request_started, "begun"), noted(request_finished, "over"):
        taker = await Taker("/whole/").ask(OneThread())

    name = taker.body.decode()
    assert name != str(threading.get_ident())
    assert events == [f"begun in {name}", f"over in {name}", "http.response.start", "http.response.body"]


async def test_requests_one_after_another_use_the_same_thread_and_those_at_once_do_not() -> None:
    handler = OneThread()
    first, second = (await Taker("/whole/").ask(handler)).body, (await Taker("/whole/").ask(handler)).body
    at_once = await asyncio.gather(*(Taker("/whole/").ask(handler) for _ in range(3)))

    assert first == second
    assert len({taker.body for taker in at_once}) == 3


async def test_a_stream_ends_when_its_taker_goes_away() -> None:
    with noted(request_finished, "over"):
        taker = await Taker("/stream/", leaves_after=5).ask(OneThread())
        async with asyncio.timeout(20):
            while "stream ended" not in events:
                await asyncio.sleep(0)

    assert b"piecepiece" in taker.body
    assert taker.taken[-1].get("more_body")
    assert any(event.startswith("over in") for event in events)


async def test_a_stream_that_breaks_is_told_to_the_server_and_over() -> None:
    with noted(request_finished, "over"), pytest.raises(ValueError, match="broken"):
        await Taker("/broken/").ask(OneThread())

    assert events[-1].startswith("over in")


async def test_an_unknown_address_is_answered_too() -> None:
    assert (await Taker("/nowhere/").ask(OneThread())).taken[0]["status"] == 404
