"""Lets a service that is away cost one short wait now and then, instead of one for every request."""

import time
from typing import Final

PAUSE_SECONDS: Final = 2.0


class Breaker:
    """Remembers a failed attempt, so that a missing Redis costs one short wait every two seconds."""

    def __init__(self) -> None:
        """Start closed: the first attempt is allowed."""
        self.open_until = 0.0

    def allows(self) -> bool:
        """Tell whether an attempt may be made now."""
        return time.monotonic() >= self.open_until

    def trip(self) -> None:
        """Forbid attempts for a moment."""
        self.open_until = time.monotonic() + PAUSE_SECONDS
