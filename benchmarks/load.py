"""A small closed-loop HTTP client: prepared requests over keep-alive connections, one outstanding on each."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

BODY: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"


@dataclass
class Load:
    """What came of a load: answers by status, latencies in seconds, how long it lasted and what it cost itself."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def answers(self) -> int:
        """How many requests were answered."""
        return self.statuses.total()

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return self.answers / self.seconds

    def latency_ms(self, fraction: float) -> float:
        """Return a percentile of the latencies in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))] * 1000


def request_bytes(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Return a whole HTTP/1.1 request."""
    given = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def drive(port: int, requests: Sequence[bytes], connections: int, *, pace: float | None = None) -> Load:
    """Send every request once, as fast as answers come, or `pace` requests a second at most."""
    return asyncio.run(_drive(port, requests, connections, pace))


async def _drive(port: int, requests: Sequence[bytes], connections: int, pace: float | None) -> Load:
    """Share the requests among the connections."""
    load, waiting = Load(), iter(enumerate(requests))
    clients = [await _Client.open(port) for _ in range(connections)]
    began, busy = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_send_all(client, waiting, load, pace, began) for client in clients))
    load.seconds, load.cpu_seconds = time.perf_counter() - began, time.process_time() - busy
    for client in clients:
        client.close()
    return load


async def _send_all(
    client: "_Client", waiting: Iterator[tuple[int, bytes]], load: Load, pace: float | None, began: float
) -> None:
    """Send what nobody else has taken yet; a paced request counts from the moment it was due."""
    for number, request in waiting:
        sent = time.perf_counter()
        if pace:
            due = began + number / pace
            await asyncio.sleep(max(0.0, due - sent))
            sent = due
        load.statuses[await client.send(request)] += 1
        load.latencies.append(time.perf_counter() - sent)


class _Client(asyncio.Protocol):
    """One connection; answers carry their length."""

    def __init__(self) -> None:
        """Start unconnected."""
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._answer: asyncio.Future[int] | None = None

    @classmethod
    async def open(cls, port: int) -> "_Client":
        """Return a connected client."""
        _, client = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to send."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP always is
        self._transport = transport

    async def send(self, request: bytes) -> int:
        """Return the status of the answer; raises ConnectionError when the server hangs up."""
        if self._transport is None:
            raise ConnectionError("not connected")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        """Gather an answer."""
        self._buffer += data
        end = self._buffer.find(BODY)
        if end < 0 or self._answer is None:
            return
        head = bytes(self._buffer[:end]).lower()
        at = head.find(LENGTH)
        length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) >= end + len(BODY) + length:
            self._buffer.clear()
            self._answer.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Let whoever waits know."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server hung up"))

    def close(self) -> None:
        """Hang up."""
        if self._transport:
            self._transport.close()
