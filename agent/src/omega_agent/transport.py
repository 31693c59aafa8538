"""The HTTP connection to the portal: small in memory, patient for seconds only, silent about the key."""

import functools
import gzip
import json
import ssl
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, cast

from omega_agent import __version__
from omega_agent.errors import AgentError

# httpx offers a command line that pulls in click, rich and pygments where installed (7 MB of memory); told
# that
# this module is absent, httpx does without, as it does on a machine that lacks them.
sys.modules.setdefault("httpx._main", cast(ModuleType, None))
import httpx  # noqa: E402

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
LARGEST_ANSWER = 4 * 1024 * 1024
WORTH_COMPRESSING = 2048


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status None and an `error` when nothing did. Header names are lower case."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    body: Any = None
    error: str = ""
    sent_at: float = 0.0
    answered_at: float = 0.0


class Transport:
    """One keep-alive client for one server; follows no redirect, raises nothing for what the network does."""

    def __init__(self, base_url: str, key: str, ca_file: str = "") -> None:
        self.key = key
        self._compress = True
        self._http = httpx.Client(
            base_url=base_url,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            verify=_tls_context(base_url.startswith("https:"), ca_file),
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=1, keepalive_expiry=60.0),
            headers={"User-Agent": f"omega-agent/{__version__}", "Accept-Encoding": "gzip"},
        )

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET with the key."""
        return self._ask("GET", path, headers or {}, None)

    def post(self, path: str, body: object) -> Answer:
        """POST a value as JSON with the key."""
        return self.post_bytes(path, json.dumps(body, separators=(",", ":"), allow_nan=False).encode())

    def post_bytes(self, path: str, body: bytes) -> Answer:
        """POST ready-made JSON; compressed when it pays and until the server says it cannot read that."""
        headers = {"Content-Type": "application/json"}
        if not (self._compress and len(body) > WORTH_COMPRESSING):
            return self._ask("POST", path, headers, body)
        answer = self._ask("POST", path, {**headers, "Content-Encoding": "gzip"}, gzip.compress(body, 6, mtime=0))
        if answer.status != 415:
            return answer
        self._compress = False
        return self._ask("POST", path, headers, body)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _ask(self, method: str, path: str, headers: Mapping[str, str], content: bytes | None) -> Answer:
        sent_at = time.time()
        if self.key:
            headers = {**headers, "Authorization": f"Bearer {self.key}"}
        try:
            with self._http.stream(method, path, headers=headers, content=content) as response:
                raw = _read_bounded(response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Answer(None, error=f"{type(error).__name__}: {error}", sent_at=sent_at, answered_at=time.time())
        text = raw.decode("utf-8", "replace")
        plain = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, plain, text, _json_or_none(text), "", sent_at, time.time())


def _read_bounded(response: httpx.Response) -> bytes:
    raw = bytearray()
    for chunk in response.iter_bytes():
        raw += chunk
        if len(raw) > LARGEST_ANSWER:
            raise httpx.DecodingError("the answer is longer than 4 MB")
    return bytes(raw)


def _json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@functools.cache
def _tls_context(is_tls: bool, ca_file: str) -> ssl.SSLContext:
    # Plain http loads no certificates, which saves 4 MB; the empty context still refuses every https server.
    if not is_tls:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise AgentError(f"ca_file {ca_file} cannot be used ({error.strerror or error}).") from None
