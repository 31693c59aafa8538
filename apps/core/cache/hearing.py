"""A thread that hears what other processes announce, for caches of processes that have no event loop of their own."""

import logging
import os
import threading
import time
from collections.abc import Callable, Collection
from typing import Final

import redis
from django.conf import settings

from apps.core.breaker import PAUSE_SECONDS

log = logging.getLogger(__name__)
QUIET_SECONDS: Final = 10.0


class Hearing:
    """Follows the live channel from the first `begin` on, for as long as the process lives.

    `heard` is called with each message's topics, `lost` whenever messages may have been missed.
    """

    def __init__(self, channel: str, heard: Callable[[Collection[str]], None], lost: Callable[[], None]) -> None:
        """Take whom to tell; nothing is connected yet."""
        self._channel, self._heard, self._lost = channel, heard, lost
        self._pid = 0
        self._lock = threading.Lock()
        self.is_connected = False

    def begin(self) -> None:
        """Start the thread, once in each process."""
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._run, name="hearing", daemon=True).start()

    def _run(self) -> None:
        """Follow the channel, again after every loss."""
        while True:
            try:
                self._follow()
            except (redis.RedisError, OSError) as error:
                log.warning("caches hear no news, Redis is not reachable: %s", error)
            self.is_connected = False
            self._lost()
            time.sleep(PAUSE_SECONDS)

    def _follow(self) -> None:
        """Read messages from one connection until it breaks; a quiet server is asked for a sign of life."""
        client = redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=1.0, socket_timeout=QUIET_SECONDS, retry=None
        )
        with client, client.pubsub() as subscription:  # type: ignore[no-untyped-call]
            subscription.subscribe(self._channel)
            while True:
                message = subscription.get_message(timeout=QUIET_SECONDS)
                if message is None:
                    subscription.ping()
                    message = subscription.get_message(timeout=QUIET_SECONDS)
                if message is None:
                    raise redis.TimeoutError(f"no answer within {QUIET_SECONDS:g} s")
                self._take(message)

    def _take(self, message: dict[str, object]) -> None:
        """Pass on what a message says."""
        data = message["data"]
        if message["type"] == "subscribe":
            self.is_connected = True
            self._lost()
        elif message["type"] == "message" and isinstance(data, bytes):
            self._heard(data.decode().split())
