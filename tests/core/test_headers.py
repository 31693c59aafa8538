"""Every answer carries the safe headers, whichever part of a process gave it, and odd requests end early."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.core.bodies import LONGEST_ADDRESS, MOST_BYTES, MOST_HEADER_BYTES, MOST_HEADERS
from apps.core.headers import ALWAYS, SafeHeaders, of_encrypted
from omega_portal.asgi import application as web
from omega_portal.ingest_asgi import application as ingest

Headers = list[tuple[bytes, bytes]]


class Answer:
    """What a process sent back."""

    def __init__(self, messages: list[Any]) -> None:
        self.status: int = messages[0]["status"]
        self.lines = [(name.decode().lower(), value.decode()) for name, value in messages[0]["headers"]]
        self.headers = dict(self.lines)
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


async def ask(
    application: Callable[..., Any],
    path: str,
    headers: Headers | None = None,
    query: bytes = b"",
    host: str = "testserver",
) -> Answer:
    """Send a GET to a process's application, and stay."""
    body = iter([{"type": "http.request", "body": b"", "more_body": False}])
    messages: list[Any] = []
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query,
        "root_path": "", "scheme": "http", "server": ("testserver", 80), "client": ("127.0.0.1", 1), "asgi": {},
        "http_version": "1.1", "headers": [(b"host", host.encode()), *(headers or [])],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        for message in body:
            return message
        return await asyncio.Future()

    async def send(message: Any) -> None:
        messages.append(message)

    await application(scope, receive, send)
    return Answer(messages)


WEB = {
    "a static file": ("/static/img/mark.svg", [], 200),
    "a health answer": ("/healthz", [], 200),
    "an address before Django": (f"/{'x' * LONGEST_ADDRESS}x", [], 414),
    "a body before Django": ("/", [(b"content-length", str(MOST_BYTES + 1).encode())], 413),
}


@pytest.mark.parametrize("what", WEB)
async def test_web_process_says_it_with(what: str) -> None:
    path, headers, status = WEB[what]
    found = await ask(web, path, headers)

    assert found.status == status
    assert ALWAYS.keys() <= found.headers.keys()
    assert "frame-ancestors 'none'" in found.headers["content-security-policy"]
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["reporting-endpoints"] == 'csp="/csp-report/"'
    assert len(found.lines) == len(found.headers), "no header twice"


async def test_refusal_of_a_host_says_it_too() -> None:
    found = await ask(web, "/", host="evil.example")

    assert found.status == 400
    assert ALWAYS.keys() <= found.headers.keys()


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/api/v1/agent/metrics"])
async def test_ingest_process_says_it_too(path: str) -> None:
    found = await ask(ingest, path)

    assert ALWAYS.items() <= found.headers.items()
    assert "reporting-endpoints" not in found.headers
    assert len(found.lines) == len(found.headers)


async def test_answer_that_says_it_itself_is_left_alone() -> None:
    own = [(b"Content-Security-Policy", b"default-src 'self'"), (b"Referrer-Policy", b"no-referrer")]

    async def page(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": b""})

    found = await ask(SafeHeaders(page, of_encrypted(31_536_000)), "/")

    assert found.headers["content-security-policy"] == "default-src 'self'"
    assert found.headers["referrer-policy"] == "no-referrer"
    assert found.headers["strict-transport-security"] == "max-age=31536000"
    assert of_encrypted(0) == {}


@pytest.mark.parametrize(
    ("path", "query", "headers", "status", "code"),
    [
        ("/" + "x" * LONGEST_ADDRESS, b"", [], 414, "long_address"),
        ("/", b"q=" + b"x" * LONGEST_ADDRESS, [], 414, "long_address"),
        ("/", b"", [(b"x", b"y")] * MOST_HEADERS, 431, "long_headers"),
        ("/", b"", [(b"cookie", b"y" * MOST_HEADER_BYTES)], 431, "long_headers"),
    ],
)
async def test_long_address_and_headers_are_refused_before_django(
    path: str, query: bytes, headers: Headers, status: int, code: str
) -> None:
    found = await ask(web, path, headers, query)

    assert (found.status, found.code) == (status, code)


async def test_headers_of_a_browser_pass() -> None:
    many = [(f"x-{number}".encode(), b"y" * 200) for number in range(MOST_HEADERS - 10)]

    assert (await ask(web, "/healthz", many, b"q=" + b"x" * 4000)).status == 200
