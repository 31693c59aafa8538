"""The one socket of a page. It says which topics changed, never what changed: the page fetches what it may see."""

import asyncio
import json
from contextlib import suppress
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import InterfaceError, OperationalError

from apps.core.live import LiveHub
from apps.portal.listeners import Listener, audible, listener_of_session
from apps.portal.topics import Topic, wanted_topics

SIGNED_OUT = 4401
NOT_ALLOWED = 4403
TOO_BIG = 1009
BAD_MESSAGE = 4400
TRY_LATER = 1013
LARGEST_FRAME = 4096
RECHECK_SECONDS = 60.0
GATHER_SECONDS = 0.1
DATABASE_AWAY = (OperationalError, InterfaceError)
STATE_TOPICS = {"live:lost": "lost", "live:back": "back"}


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Listens for one signed-in person until their session ends; what they may not hear is unsaid.

    An end is announced and noticed at once; where the announcement is lost, within a minute.
    """

    hub: ClassVar[LiveHub] = LiveHub()
    recheck_seconds: ClassVar[float] = RECHECK_SECONDS

    async def connect(self) -> None:
        """Accept, then refuse strangers with a code that the page can read."""
        self.queue: asyncio.Queue[str] = asyncio.Queue(maxsize=200)
        self.topics: list[Topic] = []
        self.own_topic = ""
        self.is_over = False
        self.tasks: list[asyncio.Task[None]] = []
        await self.accept()
        try:
            listener = await self._listener()
        except DATABASE_AWAY:
            return await self._end(TRY_LATER)
        if listener is None:
            return await self._end(SIGNED_OUT)
        self.own_topic = listener.own_topic
        self.hub.listen(self.queue, {*STATE_TOPICS, self.own_topic})
        self.tasks = [asyncio.create_task(self._tell()), asyncio.create_task(self._recheck())]
        return None

    async def disconnect(self, code: int) -> None:
        """Stop listening."""
        self.hub.leave(self.queue)
        for task in self.tasks:
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take a subscription; anything else ends the conversation."""
        if text_data is None or len(text_data) > LARGEST_FRAME:
            return await self._end(TOO_BIG)
        wanted = wanted_topics(_parsed(text_data))
        if wanted is None:
            return await self._end(BAD_MESSAGE)
        self.topics = wanted
        try:
            return await self._subscribe()
        except DATABASE_AWAY:
            return await self._end(TRY_LATER)

    async def _subscribe(self) -> None:
        """Listen to what the person may hear of the wanted topics, and say which those are."""
        listener = await self._listener()
        if listener is None:
            return await self._end(SIGNED_OUT)
        names = await database_sync_to_async(audible)(listener.person, self.topics)
        if self.topics and not names:
            return await self._end(NOT_ALLOWED)
        self.hub.leave(self.queue)
        self.own_topic = listener.own_topic
        self.hub.listen(self.queue, {*names, *STATE_TOPICS, self.own_topic})
        await self._send({"subscribed": names})
        if self.hub.is_connected:
            await self._send({"live": "back"})
        return None

    async def _tell(self) -> None:
        """Pass on changed topics, gathered for a moment so that a burst is one message."""
        while True:
            names = {await self.queue.get()}
            await asyncio.sleep(GATHER_SECONDS)
            while not self.queue.empty():
                names.add(self.queue.get_nowait())
            if self.own_topic in names:
                names.discard(self.own_topic)
                await self._look_again()
            for name in sorted(names & STATE_TOPICS.keys()):
                await self._send({"live": STATE_TOPICS[name]})
            if topics := sorted(names - STATE_TOPICS.keys()):
                await self._send({"topics": topics})

    async def _recheck(self) -> None:
        """Ask every minute whether the session still stands and what it may hear; wait out a missing database."""
        while True:
            await asyncio.sleep(self.recheck_seconds)
            await self._look_again()

    async def _look_again(self) -> None:
        """Ask whether the session still stands and what it may hear."""
        with suppress(*DATABASE_AWAY):
            await self._subscribe()

    async def _listener(self) -> Listener | None:
        """Who is behind the socket, from the database."""
        session = self.scope.get("session")
        key = session.session_key if session is not None else None
        found: Listener | None = await database_sync_to_async(listener_of_session)(key)
        return found

    async def _end(self, code: int) -> None:
        """Close with a code that tells the page why; nothing is said after it."""
        self.is_over = True
        await self.close(code)

    async def _send(self, message: dict[str, Any]) -> None:
        """Send one JSON message."""
        if not self.is_over:
            await self.send(text_data=json.dumps(message))


def _parsed(text: str) -> object:
    """The JSON of a frame, None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
