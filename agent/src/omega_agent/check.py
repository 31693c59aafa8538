"""`omega-agent check`: says in a table whether this machine's agent can work, and why not."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

from omega_agent.config import Config, load_config
from omega_agent.configfile import read_key
from omega_agent.errors import AgentError
from omega_agent.files import is_private
from omega_agent.spool import Spool
from omega_agent.transport import Answer, Transport

TOLERATED_SKEW = 60.0
LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table; a warning does not make the check fail."""

    subject: str
    state: str
    detail: str


def check(path: Path) -> list[Finding]:
    """Every finding, in the order in which an operator would mend them."""
    try:
        config = load_config(path)
    except AgentError as error:
        return [Finding("configuration", "FAIL", str(error))]
    return [
        Finding("configuration", "ok", str(path)),
        *_files(config),
        _attempt("spool", partial(_spool, config)),
        *_servers(config),
    ]


def render(findings: list[Finding]) -> str:
    """The findings as an aligned table."""
    width = max(len(finding.subject) for finding in findings)
    return "\n".join(f"{finding.subject:<{width}}  {finding.state:<4}  {finding.detail}" for finding in findings)


def _files(config: Config) -> Iterator[Finding]:
    for subject, path in (("configuration mode", config.path), ("key mode", config.key_path)):
        yield _attempt(subject, partial(_mode, path))


def _mode(path: Path) -> str:
    if not is_private(path):
        raise AgentError(f"{path} can be read by others; run `chmod 600 {path}`.")
    return "0600"


def _spool(config: Config) -> str:
    config.spool_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    spool = Spool(config.spool_path, config.spool)
    try:
        spool.remember("checked_at", str(int(time.time())))
        return f"{config.spool_path}: {spool.backlog()} waiting, {spool.dropped()} dropped"
    finally:
        spool.close()


def _servers(config: Config) -> Iterator[Finding]:
    answers = {}
    for subject, url in (("portal", config.server), ("ingest", config.ingest_url)):
        transport = Transport(url, "", config.ca_file)
        answers[subject] = answer = transport.get("/healthz")
        transport.close()
        yield _reached(subject, url, answer)
        if url.startswith("http:") and not url.startswith(LOOPBACK):
            yield Finding(subject, "warn", "The key travels without TLS; use an https:// address.")
    yield _attempt("key", partial(_key, config))
    yield _clock(answers["ingest"])


def _reached(subject: str, url: str, answer: Answer) -> Finding:
    if answer.status is None:
        return Finding(subject, "FAIL", f"{url} did not answer ({answer.error})")
    state = "ok" if answer.status == 200 else "FAIL"
    return Finding(subject, state, f"{url} answered {answer.status} in {answer.answered_at - answer.sent_at:.3f} s")


def _key(config: Config) -> str:
    transport = Transport(config.server, read_key(config), config.ca_file)
    answer = transport.get("/api/v1/agent/config")
    transport.close()
    if answer.status in (200, 204, 304, 404):
        return "accepted"
    body = answer.body if isinstance(answer.body, dict) else {}
    if answer.status == 403 and body.get("code") == "node_pending":
        return "valid; the node waits for approval in the portal"
    raise AgentError(f"refused: {body.get('detail') or answer.error or f'HTTP {answer.status}'}")


def _clock(answer: Answer) -> Finding:
    try:
        server = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return Finding("clock", "warn", "The server did not tell its time.")
    skew = (answer.sent_at + answer.answered_at) / 2 - server
    # The header has whole seconds, so half a second is the best guess at what was cut off.
    state = "ok" if abs(skew - 0.5) <= TOLERATED_SKEW else "FAIL"
    return Finding("clock", state, f"{skew - 0.5:+.1f} s against the server")


def _attempt(subject: str, attempt: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, "ok", attempt())
    except (AgentError, OSError, sqlite3.Error) as error:
        return Finding(subject, "FAIL", str(error))
