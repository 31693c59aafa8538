"""Whether the agent may talk to the server now, and when it may again."""

import logging
import random

from omega_agent.config import Retry
from omega_agent.logs import event
from omega_agent.rules import Action, Uniform, Verdict, backoff_delay, retry_after_delay


class Gate:
    """Opens and closes by verdicts; times are monotonic. Logs when the reason changes, not on every try."""

    def __init__(self, name: str, retry: Retry, uniform: Uniform = random.uniform) -> None:
        self._name, self._retry, self._uniform = name, retry, uniform
        self._attempt = 0
        # Longer than a heartbeat's distance no wait may be: the portal would take it for absence.
        self.beat_seconds = retry.max_seconds
        self.opens_at = 0.0
        self.reason: Verdict | None = None

    @property
    def is_key_refused(self) -> bool:
        """True when the last answer was that the key is not valid."""
        return self.reason is not None and self.reason.action is Action.KEY_REFUSED

    def apply(self, verdict: Verdict, now: float, error: str = "") -> None:
        """Close after a failure for as long as its rule says, open after anything the server dealt with."""
        if verdict.action in (Action.DONE, Action.QUARANTINE, Action.SPLIT):
            self._open()
            return
        delay = self._delay(verdict)
        if self.reason is None or (self.reason.action, self.reason.code) != (verdict.action, verdict.code):
            fields = {"error": error} if error else {}
            event(f"{self._name}_waiting", logging.WARNING, code=verdict.code, seconds=delay, **fields)
        self.opens_at, self.reason, self._attempt = now + delay, verdict, self._attempt + 1

    def _open(self) -> None:
        if self.reason is not None:
            event(f"{self._name}_back", code=self.reason.code, attempts=self._attempt)
        self._attempt, self.opens_at, self.reason = 0, 0.0, None

    def _delay(self, verdict: Verdict) -> float:
        if verdict.action is Action.PENDING:
            return self._retry.pending_seconds
        if verdict.action in (Action.KEY_REFUSED, Action.FORBIDDEN):
            return self._retry.key_check_seconds
        if verdict.retry_after is not None:
            return retry_after_delay(verdict.retry_after, self._uniform)
        longest = min(self._retry.max_seconds, max(self.beat_seconds, self._retry.base_seconds))
        return backoff_delay(self._attempt, self._retry.base_seconds, longest, self._uniform)
