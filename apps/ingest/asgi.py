"""The ingest process as an ASGI application: its life, its addresses, and an answer to everything.

Answers are given after COMMIT only. There is no Django request here, so that a heartbeat costs little.
"""

import gc
import logging
import logging.config
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings

from apps.core.errors import NotFound, PortalError
from apps.ingest.announcer import Announcer
from apps.ingest.answers import Send, answer, refuse
from apps.ingest.body import Receive, SenderGoneError
from apps.ingest.database import Database, conninfo_of, fetch_one
from apps.ingest.door import Content, Door
from apps.ingest.errors import NotAllowed, Unavailable
from apps.ingest.foreign.doors import Foreign
from apps.ingest.pulse import Pulse
from apps.ingest.requests import Request, Scope, request_of
from apps.ingest.trust import Trust

log = logging.getLogger(__name__)
BASE: Final = "/api/v1/agent/"
PATIENCE: Final = {"retry-after": "5"}
Call = Callable[[Request], Awaitable[Content]]


class IngestApplication:
    """One process of the ingest door."""

    def __init__(self) -> None:
        """Read the settings; opens nothing before the server starts."""
        config = settings.OMEGA
        self._trusted_proxies: int = config.trusted_proxies
        self._database = Database(conninfo_of(settings.DATABASES["default"]), config.database_pool_size)
        self._announcer = Announcer(settings.REDIS_URL)
        self._trust = Trust(self._database)
        self._door = Door(self._database, self._announcer, self._trust, config.most_series_per_node)
        self._pulse = Pulse(self._database, lambda: self._door.takes_heartbeats)
        self._foreign = Foreign(self._door, self._trusted_proxies)
        self._calls: dict[str, Call] = {
            f"{BASE}heartbeat": self._door.heartbeat,
            f"{BASE}metrics": self._door.metrics,
            f"{BASE}processes": self._door.processes,
            f"{BASE}login-sessions": self._door.logins,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the server, whatever it is."""
        match scope["type"]:
            case "http" if self._foreign.takes(scope["path"]):
                await self._foreign(scope, receive, send)
            case "http":
                await self._http(scope, receive, send)
            case "lifespan":
                await self._lifespan(receive, send)
            case _:
                await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing that happens inside may end without an answer."""
        try:
            status, content = await self._content(scope, receive)
        except PortalError as error:
            await refuse(send, error)
        except SenderGoneError:
            return
        except Exception:  # the process's edge: an agent must get an answer it understands
            log.exception("a request failed")
            await answer(send, 500, {"code": "internal_error", "detail": "The request failed; it is logged."})
        else:
            await answer(send, status, content, PATIENCE if status == 503 else None)

    async def _content(self, scope: Scope, receive: Receive) -> tuple[int, Content]:
        """Return status and content of the answer; raises PortalError."""
        path, method = scope["path"], scope["method"]
        if path == "/healthz":
            return 200, {"status": "ok"}
        if path == "/readyz":
            return await self._readiness()
        call = self._calls.get(path)
        if call is None:
            raise NotFound("not_found", "There is nothing at this address.")
        if method != "POST":
            raise NotAllowed("method_not_allowed", "This address takes POST only.")
        return 200, await call(request_of(scope, receive, datetime.now(UTC), self._trusted_proxies))

    async def _readiness(self) -> tuple[int, dict[str, Any]]:
        """Tell whether data would be taken now, in the web process's words: Redis alone stops nothing."""
        redis = "ok" if await self._announcer.is_alive() else "degraded"
        try:
            await self._database.run(lambda connection: fetch_one(connection, "ready.sql", {}))
        except Unavailable:
            return 503, {"status": "unready", "database": "unreachable", "redis": redis}
        return 200, {"status": "ok", "database": "ok", "redis": redis}

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        """Open what requests share, and close it when the server stops."""
        await receive()
        logging.config.dictConfig(settings.LOGGING)
        # What is loaded by now stays for good: looking through it again and again would hold up requests.
        gc.collect()
        gc.freeze()
        await self._database.open()
        await self._door.open()
        self._announcer.start()
        self._trust.start()
        self._pulse.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pulse.stop()
        await self._door.close()
        await self._trust.stop()
        await self._announcer.stop()
        await self._database.close()
        await send({"type": "lifespan.shutdown.complete"})
