"""The portal as the agent sees it: a real HTTP server on loopback that keeps the agent API's promises."""

import gzip
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "omg_test_first"
Reply = tuple[int, dict[str, str], Any]
HEALTHY: Reply = (200, {}, {"status": "ok"})
Trouble = Callable[[str, dict[str, Any]], Reply | None]


class Portal(ThreadingHTTPServer):
    """Stores usage by time and samples by (type, time), like the real one; `trouble` may answer instead."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0, store_of: "Portal | None" = None) -> None:
        """Listen at once; with `store_of` the data of one that vanished is still there."""
        super().__init__(("127.0.0.1", port), Handler)
        self.lock = threading.Lock()
        self.connections: set[socket.socket] = set()
        self.keys = {KEY}
        self.usage: dict[float, dict[str, Any]] = store_of.usage if store_of else {}
        self.samples: dict[tuple[str, float], Any] = store_of.samples if store_of else {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.duplicates = 0
        self.processes: list[dict[str, Any]] = []
        self.logins: list[dict[str, Any]] = []
        self.results: list[tuple[str, dict[str, Any]]] = []
        self.commands: list[dict[str, Any]] = []
        self.config: tuple[str, str] | None = None
        self.trouble: Trouble = lambda path, body: None
        self.next_in_seconds: float | None = None
        self.refuses_gzip = False
        self.encodings: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        """Vanish as a killed process does: listener and open connections together."""
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def count(self, path: str) -> int:
        with self.lock:
            return Counter(called for called, _ in self.calls)[path]

    def answer(self, path: str, body: dict[str, Any], key: str) -> Reply:
        """One request after authentication; called under the lock."""
        self.calls.append((path, body))
        if (instead := self.trouble(path, body)) is not None:
            return instead
        if path == "enroll":
            return self._enroll(body) if key == "token" else (401, {}, {"code": "invalid_token"})
        if key not in self.keys:
            return 401, {}, {"code": "invalid_key", "detail": "no"}
        return self.serve(path, body)

    def serve(self, path: str, body: dict[str, Any]) -> Reply:
        """What the portal does when nothing is wrong."""
        if path == "heartbeat":
            return self._heartbeat(body)
        if path == "metrics":
            return self._metrics(body)
        if path == "processes":
            self.processes.append(body)
            return 200, {}, {"accepted": len(body["processes"]), "server_time": time.time()}
        if path == "login-sessions":
            self.logins.append(body)
            return 200, {}, {"accepted": len(body["sessions"]), "server_time": time.time()}
        if path == "keys/rotate":
            key = f"omg_test_{len(self.keys)}"
            self.keys.add(key)
            return 201, {}, {"key": key, "key_id": "k", "old_expires_at": "2030-01-01T00:00:00Z"}
        if path.startswith("commands/"):
            self.results.append((path.partition("/")[2], body))
            self.commands = [one for one in self.commands if one["id"] != path.partition("/")[2]]
            return 200, {}, {}
        if path == "config" and self.config:
            return 200, {"ETag": f'"{self.config[0]}"'}, self.config[1]
        return 404, {}, {"code": "not_found"}

    def _enroll(self, body: dict[str, Any]) -> Reply:
        reply = {
            "node_id": "n1",
            "key": KEY,
            "status": "active",
            "config": {"heartbeat_interval_seconds": 10},
        }
        return 201, {}, {**reply, "ingest_url": self.url, "server_time": time.time()}

    def _heartbeat(self, body: dict[str, Any]) -> Reply:
        if body.get("usage"):
            self._store(body["usage"], body.get("metrics", []))
        wanted = self.config[0] if self.config else None
        reply = {"config_hash": wanted, "commands": self.commands, "server_time": time.time()}
        return (
            200,
            {},
            {**reply, **({"next_in_seconds": self.next_in_seconds} if self.next_in_seconds else {})},
        )

    def _metrics(self, body: dict[str, Any]) -> Reply:
        known = self.batches.get(body["batch_id"])
        assert known is None or known == body, "a batch changed under its id"
        if known is None:
            self.batches[body["batch_id"]] = body
            for usage in body["usage"]:
                self._store(usage, [])
            self._store(None, body["samples"])
        return 200, {}, {"accepted": 1, "duplicate": 0, "rejected": [], "server_time": time.time()}

    def _store(self, usage: dict[str, Any] | None, samples: list[dict[str, Any]]) -> None:
        if usage is not None:
            self.duplicates += usage["at"] in self.usage
            self.usage[usage["at"]] = usage
        for sample in samples:
            self.duplicates += (sample["type"], sample["at"]) in self.samples
            self.samples[sample["type"], sample["at"]] = sample["value"]


class Handler(BaseHTTPRequestHandler):
    """JSON in, JSON (or text) out, keep-alive."""

    protocol_version = "HTTP/1.1"
    server: Portal

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        encoding = self.headers.get("Content-Encoding", "")
        self.server.encodings.append(encoding)
        if encoding == "gzip" and self.server.refuses_gzip:
            self._send(415, {}, {"code": "encoding"})
            return
        plain = gzip.decompress(raw) if encoding == "gzip" else raw
        self._reply(json.loads(plain) if plain else {})

    def do_GET(self) -> None:
        self._reply({})

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def _reply(self, body: dict[str, Any]) -> None:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        path = self.path.removeprefix("/api/v1/agent/")
        if path == "/healthz":
            status, headers, value = HEALTHY
        else:
            with self.server.lock:
                status, headers, value = self.server.answer(path, body, key)
        self._send(status, headers, value)

    def _send(self, status: int, headers: dict[str, str], value: Any) -> None:
        raw = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
