"""What a heartbeat's reply asks for besides measuring: commands and the node's wanted configuration."""

import logging
import random
import time
from typing import Any
from urllib.parse import quote

from omega_agent.config import Config
from omega_agent.configfile import is_key, write_key
from omega_agent.errors import AgentError
from omega_agent.files import write_private
from omega_agent.gate import Gate
from omega_agent.logs import event
from omega_agent.rules import Action, Verdict, judge
from omega_agent.spool import Spool
from omega_agent.transport import Answer, Transport

CONFIG_HASH = "config_hash"
FINAL = (Action.DONE, Action.QUARANTINE, Action.SPLIT)


class Errands:
    """Talks to the portal's own address behind a gate of its own, so its trouble does not stop delivery."""

    def __init__(self, config: Config, key: str, spool: Spool) -> None:
        self._config, self._spool = config, spool
        self._transport = Transport(config.server, key, config.ca_file)
        self._gate = Gate("portal", config.retry, random.uniform)

    @property
    def key(self) -> str:
        """The key in use, which `rotate_key` changes."""
        return self._transport.key

    def use_key(self, key: str) -> None:
        """Take over a key that was replaced on disk."""
        self._transport.key = key

    def config_hash(self) -> str | None:
        """The hash of the stored node configuration, None when there is none."""
        return self._spool.fact(CONFIG_HASH) or None if self._config.remote_config_path.exists() else None

    def do(self, reply: dict[str, Any]) -> None:
        """Carry out a reply's errands; what the portal could not answer is tried again later."""
        commands = reply.get("commands")
        for command in commands if isinstance(commands, list) else []:
            if isinstance(command, dict) and command.get("id"):
                self._command(str(command["id"]), str(command.get("command")))
        wanted = reply.get("config_hash")
        if self._is_open() and isinstance(wanted, str) and wanted and wanted != self.config_hash():
            self._fetch_config(wanted)
        for command_id, status, detail in self._spool.unreported_commands():
            if self._is_open():
                self._report(command_id, status, detail)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _fetch_config(self, wanted: str) -> None:
        known = self.config_hash()
        answer = self._transport.get("/api/v1/agent/config", {"If-None-Match": f'"{known}"'} if known else {})
        if answer.status in (204, 304, 404):
            return
        if answer.status != 200:
            self._judged(answer)
            return
        write_private(self._config.remote_config_path, answer.text)
        got = answer.headers.get("etag", "").removeprefix("W/").strip('"') or wanted
        self._spool.remember(CONFIG_HASH, got)
        event("config_stored", hash=got, path=self._config.remote_config_path)

    def _command(self, command_id: str, name: str) -> None:
        result = self._spool.command_result(command_id)
        if result is None:
            result = self._carry_out(name)
            event("command", logging.INFO, id=command_id, command=name, status=result[0], detail=result[1])
        # A command that comes again was done before, only its result did not arrive.
        self._spool.record_command(command_id, *result, reported=False)

    def _report(self, command_id: str, status: str, detail: str) -> None:
        path = f"/api/v1/agent/commands/{quote(command_id, safe='')}"
        answer = self._transport.post(path, {"status": status, "detail": detail})
        # A command the portal does not know (any more) waits for no result, whatever the code says.
        if self._judged(answer).action in FINAL or answer.status == 404:
            self._spool.record_command(command_id, status, detail, reported=True)

    def _is_open(self) -> bool:
        return time.monotonic() >= self._gate.opens_at

    def _carry_out(self, name: str) -> tuple[str, str]:
        if name == "ping":
            return "done", "ok"
        if name == "rotate_key":
            return self._rotate_key()
        return "failed", f"this agent does not know the command {name[:50]!r}"

    def _rotate_key(self) -> tuple[str, str]:
        answer = self._transport.post("/api/v1/agent/keys/rotate", {})
        verdict = self._judged(answer)
        key = answer.body.get("key") if verdict.action is Action.DONE else None
        if not is_key(key):
            return "failed", f"the portal gave no new key ({verdict.code})"
        try:
            write_key(self._config, key)
        except AgentError as error:
            return "failed", str(error)
        self._transport.key = key
        return "done", f"new key {answer.body.get('key_id', '')} in use".replace("  ", " ")

    def _judged(self, answer: Answer) -> Verdict:
        verdict = judge(answer.status, answer.headers, answer.body)
        # An empty 204 is a full answer to a command's result.
        if answer.status == 204:
            verdict = Verdict(Action.DONE, "ok")
        self._gate.apply(verdict, time.monotonic(), answer.error)
        return verdict
