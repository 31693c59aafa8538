"""What is paused, for the banners that every page shows in trouble."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.rules import leaves_at
from apps.accounts.services.web_sessions import web_session_of
from apps.core.live import is_redis_alive
from apps.jobs.selectors import background_health
from apps.nodes.selectors import is_ingest_alive

LOOK_LASTS = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not as live as it should be, and what that means for people."""

    code: str
    title: str
    text: str


BACKGROUND = Trouble(
    "background",
    "Background work is paused.",
    "Nodes that go silent are not marked offline until it runs again; it then catches up.",
)
INGEST = Trouble(
    "ingest",
    "No ingest process answers.",
    "Agents keep their samples and send them later. What you see is the last that was received.",
)
LIVE = Trouble("live", "Live updates are paused.", "Pages are read again every 10 seconds instead.")


class Lookout:
    """Looks for troubles and remembers, for this process, what it saw last."""

    def __init__(self) -> None:
        """Start without having looked."""
        self._seen: tuple[datetime, list[Trouble]] | None = None

    def look(self, now: datetime) -> list[Trouble]:
        """Return what is paused at this moment; empty when all is well."""
        found = {
            BACKGROUND: background_health(now).is_paused,
            INGEST: not is_ingest_alive(now),
            LIVE: not is_redis_alive(),
        }
        paused = [trouble for trouble, is_true in found.items() if is_true]
        self._seen = (now, paused)
        return paused

    def known(self, now: datetime) -> list[Trouble]:
        """Return what the last look found if it was a moment ago, asking nobody.

        Pages begin with these banners in their place, so that nothing moves under the mouse when they are fetched.
        """
        if self._seen is None:
            return []
        at, paused = self._seen
        return paused if timedelta(0) <= now - at < LOOK_LASTS else []


lookout = Lookout()


def own_troubles(request: HttpRequest, now: datetime) -> list[Trouble]:
    """What is wrong for the person of this request alone: nobody vouches for them, and until when they stay."""
    session = web_session_of(request)
    if session is None:
        return []
    until = leaves_at(unanswered_since=session.unanswered_since, expires_at=session.expires_at)
    if until is None:
        return []
    text = f"You stay signed in until {timezone.localtime(until):%H:%M}. Nobody can sign in until it is back."
    return [Trouble("sign-in", "The sign-in service does not answer.", text)]
