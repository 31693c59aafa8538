"""Delivers: the newest heartbeat first, then the spool, oldest first and at a limited rate."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from omega_agent import __version__
from omega_agent.collector import Health
from omega_agent.config import Config
from omega_agent.configfile import read_key
from omega_agent.errands import Errands
from omega_agent.gate import Gate
from omega_agent.latest import Latest, Tick
from omega_agent.logs import MinuteCounter, event
from omega_agent.rules import Action, Verdict, clamp_interval, clock_skew, judge
from omega_agent.spool import Batch, Spool
from omega_agent.transport import Answer, Transport

IDLE_SECONDS = 60.0
NOT_FOUND = 404
NO_ID = 2**62
REFUSED = (Action.QUARANTINE, Action.SPLIT)
ANSWERED = (Action.DONE, *REFUSED)


class Sender:
    """Runs in a thread of its own, so that a server that hangs never delays a measurement."""

    def __init__(self, config: Config, spool: Spool, latest: Latest, health: Health) -> None:
        key = read_key(config)
        self._config, self._spool, self._latest, self._health = config, spool, latest, health
        self._ingest = Transport(config.ingest_url, key, config.ca_file)
        self._errands = Errands(config, key, spool)
        self._gate = Gate("delivery", config.retry)
        self._gate.beat_seconds = config.intervals.vitals_seconds
        self._rejections = MinuteCounter("rejected")
        self._failures = MinuteCounter("sender_failed")
        self._drain_at = 0.0
        self._has_greeted = False
        self._stopping = threading.Event()
        self.on_next: Callable[[object], None] = lambda seconds: None

    def run(self) -> None:
        """Deliver until `stop`; trouble with disk or files is counted, never fatal."""
        while not self._stopping.is_set():
            self._latest.news.clear()
            try:
                wait = self.step(time.monotonic())
            except Exception as error:  # noqa: BLE001 - the thread's edge: silence is worse than any error
                self._failures.add(f"{type(error).__name__}: {error}")
                wait = self._config.retry.base_seconds
            self._rejections.tell(time.monotonic())
            self._failures.tell(time.monotonic())
            if wait > 0 and not self._stopping.is_set():
                self._wait(wait)
        self._ingest.close()
        self._errands.close()

    def stop(self) -> None:
        """Ask the thread to end after the request it is in."""
        self._stopping.set()
        self._latest.news.set()

    def step(self, now: float) -> float:
        """Do the one most urgent thing; returns how many seconds there is nothing to do."""
        if now < self._gate.opens_at:
            return self._gate.opens_at - now
        if self._gate.is_key_refused:
            self._reread_key()
        if (tick := self._latest.tick()) is not None:
            self._heartbeat(tick)
            return 0.0
        if (processes := self._latest.processes()) is not None:
            _, verdict = self._send("/api/v1/agent/processes", processes)
            if verdict.action in ANSWERED:
                self._latest.processes_answered(processes)
            return 0.0
        if (logins := self._latest.logins()) is not None:
            answer, verdict = self._send("/api/v1/agent/login-sessions", logins)
            # A portal that does not know logins yet shall not hold up the rest.
            if verdict.action in ANSWERED or answer.status == NOT_FOUND:
                self._latest.logins_answered(logins)
            return 0.0
        return self._drain(now)

    def _drain(self, now: float) -> float:
        # After a start the first heartbeat goes ahead of whatever waited on disk.
        if not self._has_greeted:
            return IDLE_SECONDS
        if now < self._drain_at:
            return self._drain_at - now
        with self._latest.hand_over:
            if self._latest.tick() is not None:
                return 0.0
            batch = self._spool.next_batch(self._config.delivery.batch_items)
        if batch is None:
            return IDLE_SECONDS
        self._deliver(batch)
        self._drain_at = time.monotonic() + self._config.delivery.pause_seconds
        return 0.0

    def _wait(self, seconds: float) -> None:
        # News does not open a closed gate, so waiting for it there would only spin.
        closed = time.monotonic() < self._gate.opens_at
        (self._stopping if closed else self._latest.news).wait(seconds)

    def _heartbeat(self, tick: Tick) -> None:
        body = {**self._status(), **self._standing(tick), "usage": tick.usage, "metrics": tick.samples}
        answer, verdict = self._send("/api/v1/agent/heartbeat", body)
        self._has_greeted = self._has_greeted or verdict.action in ANSWERED
        if verdict.action is Action.DONE:
            self._latest.answered(tick, accepted=True)
            self._take_reply(answer)
            self._spool.remove(tick.ids or [])
            self._errands.do(answer.body)
            self._ingest.key = self._errands.key
        elif verdict.action in REFUSED:
            # The measurement stays in the spool and is judged item by item there; the node itself is still
            # alive. The plain status is what any portal takes, also one that does not know the spool's field.
            self._latest.answered(tick, accepted=False)
            answer, verdict = self._send("/api/v1/agent/heartbeat", self._status())
            if verdict.action is Action.DONE:
                self._take_reply(answer)

    def _standing(self, tick: Tick) -> dict[str, Any]:
        # What this heartbeat carries itself does not wait.
        try:
            return {"spool": self._spool.standing(tick.ids[0] if tick.ids else NO_ID)}
        except sqlite3.Error as error:
            self._failures.add(f"spool: {error}")
            return {}

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = {"status": "ok", "agent_version": __version__, "at": round(time.time(), 3)}
        if config_hash := self._errands.config_hash():
            status["config_hash"] = config_hash
        if self._health.disk_error:
            status.update(status="degraded", error=self._health.disk_error)
        return status

    def _deliver(self, batch: Batch) -> None:
        answer = self._ingest.post_bytes("/api/v1/agent/metrics", batch.body)
        verdict = self._judged(answer)
        if verdict.action is Action.DONE:
            self._take_reply(answer)
            self._spool.finish(batch)
        elif verdict.action is Action.SPLIT and self._spool.split(batch):
            event("batch_split", items=batch.items)
        elif verdict.action in REFUSED:
            detail = answer.body.get("detail", "") if isinstance(answer.body, dict) else ""
            self._spool.quarantine(batch, answer.status or 0, verdict.code, str(detail), time.time())
            event(
                "batch_quarantined",
                logging.WARNING,
                code=verdict.code,
                items=batch.items,
                batch=batch.batch_id,
            )

    def _send(self, path: str, body: object) -> tuple[Answer, Verdict]:
        answer = self._ingest.post(path, body)
        verdict = self._judged(answer)
        if verdict.action in REFUSED:
            event("refused", logging.WARNING, path=path, code=verdict.code, status=answer.status)
        return answer, verdict

    def _judged(self, answer: Answer) -> Verdict:
        verdict = judge(answer.status, answer.headers, answer.body)
        self._gate.apply(verdict, time.monotonic(), answer.error)
        return verdict

    def _take_reply(self, answer: Answer) -> None:
        reply: dict[str, Any] = answer.body
        rejected = reply.get("rejected")
        for entry in rejected if isinstance(rejected, list) else []:
            self._rejections.add(str(entry.get("code", "unknown"))[:60] if isinstance(entry, dict) else "unknown")
        skew = clock_skew(reply.get("server_time"), answer.sent_at, answer.answered_at)
        if skew is not None:
            self._health.clock_skew = skew
        if "next_in_seconds" in reply:
            self.on_next(reply["next_in_seconds"])
            self._gate.beat_seconds = clamp_interval(reply["next_in_seconds"], self._config.intervals.vitals_seconds)

    def _reread_key(self) -> None:
        self._ingest.key = read_key(self._config)
        self._errands.use_key(self._ingest.key)
