"""The socket: real sessions, real Valkey, names of topics and nothing more."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator as Communicator
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connections
from django.test import Client

from apps.accounts.models import User, WebSession
from apps.accounts.services import end_session
from apps.core.live import LiveHub, announce
from apps.portal.consumers import BAD_MESSAGE, NOT_ALLOWED, SIGNED_OUT, TOO_BIG, TRY_LATER, LiveConsumer
from omega_portal.asgi import application
from tests import make, signed_in

WAIT = 5


@pytest.fixture(autouse=True)
def own_hub(committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveHub]:
    """Each test has an event loop of its own, so the process-wide hub is a fresh one."""
    hub = LiveHub()
    monkeypatch.setattr(LiveConsumer, "hub", hub)
    yield hub
    hub._listeners.clear()


class Socket:
    """A browser's end of the socket."""

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Ask for the live address."""
        scope = {"type": "websocket", "path": "/ws/live/", "query_string": b"", "headers": headers, "subprotocols": []}
        self.end: Any = Communicator(application, scope)  # type: ignore[no-untyped-call]

    async def open(self) -> str:
        """Return how the server answers the wish to connect."""
        await self.end.send_input({"type": "websocket.connect"})
        return str((await self.end.receive_output(WAIT))["type"])

    async def say(self, text: str) -> None:
        """Send one frame."""
        await self.end.send_input({"type": "websocket.receive", "text": text})

    async def hear(self) -> dict[str, Any]:
        """Return the next message."""
        message: dict[str, Any] = json.loads((await self.end.receive_output(WAIT))["text"])
        return message

    async def closing_code(self) -> int:
        """Return the code with which the server ends the conversation, passing over messages before it."""
        while True:
            event = await self.end.receive_output(WAIT)
            if event["type"] == "websocket.close":
                return int(event["code"])

    async def is_quiet(self) -> bool:
        """Tell whether nothing more is said for a moment."""
        return bool(await self.end.receive_nothing(timeout=0.4))

    async def leave(self) -> None:
        """Close the tab."""
        await self.end.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.end.wait(WAIT)


def session_of(role: str) -> str:
    """Return the session of somebody who has just signed in."""
    client = Client()
    signed_in.sign_in(client, make.user(role))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def end_the_session_of(role: str) -> None:
    """End it as somebody's button would."""
    session = WebSession.objects.get(user__role=role)
    end_session(session=session, reason="ended by an administrator", now=datetime.now(UTC))


async def connect(role: str = "", origin: str = "http://localhost") -> Socket:
    """Open a socket as a browser of somebody would; the empty role is a stranger."""
    headers = [(b"origin", origin.encode()), (b"host", b"localhost")]
    if role:
        session = await database_sync_to_async(session_of)(role)
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode()))
    socket = Socket(headers)
    await socket.open()
    return socket


async def subscribe(socket: Socket, *topics: str) -> list[str]:
    """Ask for topics and return those that were granted."""
    await socket.say(json.dumps({"subscribe": list(topics)}))
    granted: list[str] = await answer_with(socket, "subscribed")
    return granted


async def answer_with(socket: Socket, key: str) -> Any:
    """Return the next message of a kind, passing over others."""
    while True:
        message = await socket.hear()
        if key in message:
            return message[key]


async def test_changed_topic_is_named_and_nothing_else(own_hub: LiveHub) -> None:
    node = await database_sync_to_async(make.node)()
    socket = await connect("READONLY")
    assert await subscribe(socket, "nodes", f"node:{node.pk}") == ["nodes", f"node:{node.pk}"]
    assert await answer_with(socket, "live") == "back"
    announce(["audit", f"node:{node.pk}"])
    assert await answer_with(socket, "topics") == [f"node:{node.pk}"]
    await socket.leave()
    assert not own_hub._listeners


async def test_burst_of_changes_is_a_handful_of_messages() -> None:
    socket = await connect("READONLY")
    await subscribe(socket, "nodes")
    await answer_with(socket, "live")
    for _ in range(50):
        announce(["nodes"])
    messages = 0
    while not messages or not await socket.is_quiet():
        assert await answer_with(socket, "topics") == ["nodes"]
        messages += 1
    # One on a quiet machine; a busy one may take the burst in pieces, never message by message.
    assert messages <= 5
    await socket.leave()


async def test_stranger_is_told_that_they_are_signed_out() -> None:
    socket = await connect()
    assert await socket.closing_code() == SIGNED_OUT


async def test_without_a_database_the_page_is_told_to_try_later(monkeypatch: pytest.MonkeyPatch) -> None:
    session = await database_sync_to_async(session_of)("READONLY")
    await database_sync_to_async(connections.close_all)()
    monkeypatch.setitem(connections.settings["default"], "PORT", "1")
    cookie = f"{settings.SESSION_COOKIE_NAME}={session}".encode()
    socket = Socket([(b"origin", b"http://localhost"), (b"host", b"localhost"), (b"cookie", cookie)])
    assert await socket.open() == "websocket.accept"
    assert await socket.closing_code() == TRY_LATER


async def test_topic_beyond_the_role_is_not_granted() -> None:
    socket = await connect("READONLY")
    assert await subscribe(socket, "audit", "nodes") == ["nodes"]
    await socket.say('{"subscribe": ["audit"]}')
    assert await socket.closing_code() == NOT_ALLOWED


async def test_absent_node_is_not_granted() -> None:
    socket = await connect("ADMIN")
    assert await subscribe(socket, "nodes", "node:00000000-0000-4000-8000-000000000000") == ["nodes"]
    await socket.leave()


@pytest.mark.parametrize(
    ("text", "code"),
    [("x" * 5000, TOO_BIG), ("not json", BAD_MESSAGE), ("[]", BAD_MESSAGE), ('{"subscribe": "nodes"}', BAD_MESSAGE)],
    ids=["too long", "no JSON", "no object", "no list"],
)
async def test_senseless_frame_ends_the_conversation(text: str, code: int) -> None:
    socket = await connect("ADMIN")
    await socket.say(text)
    assert await socket.closing_code() == code


async def test_closed_account_is_noticed_at_the_next_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveConsumer, "recheck_seconds", 0.2)
    socket = await connect("DEVOPS")
    await subscribe(socket, "nodes")
    await database_sync_to_async(User.objects.filter(role="DEVOPS").update)(is_active=False)
    assert await socket.closing_code() == SIGNED_OUT


async def test_ended_session_closes_its_socket_at_once() -> None:
    here, there = await connect("DEVOPS"), await connect("ADMIN")
    for socket in (here, there):
        await subscribe(socket, "nodes")
        await answer_with(socket, "live")
    await database_sync_to_async(end_the_session_of)("DEVOPS")
    assert await here.closing_code() == SIGNED_OUT
    assert await there.is_quiet()
    await there.leave()


async def test_page_of_another_site_cannot_open_the_socket() -> None:
    headers = [(b"origin", b"http://evil.example"), (b"host", b"localhost")]
    assert await Socket(headers).open() == "websocket.close"
