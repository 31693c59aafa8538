"""Which span of time a chart shows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from apps.core.errors import Invalid

RANGES = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "1y": timedelta(days=365),
}
DEFAULT, FOR_NEW_NODES = "1h", "15m"
FEWEST_POINTS, MOST_POINTS = 60, 1500
PIXELS_PER_POINT = 2
LONGEST = timedelta(days=732)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """From, to, and the name of the range if it is one."""

    start: datetime
    end: datetime
    name: str = ""

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    @property
    def query(self) -> dict[str, str]:
        """The parameters that ask for it again, as a part of an address."""
        if self.name:
            return {"range": self.name}
        return {"start": f"{self.start.timestamp():.3f}", "end": f"{self.end.timestamp():.3f}"}

    @property
    def address(self) -> str:
        """The same as text."""
        return urlencode(self.query)


def first_range(enrolled_at: datetime, now: datetime) -> str:
    """The range a node's page opens with: short while the node is young, so that its first line can be seen."""
    return FOR_NEW_NODES if now - enrolled_at < RANGES[DEFAULT] else DEFAULT


def span_asked(query: Mapping[str, str], now: datetime, default: str = DEFAULT) -> Span:
    """The span an address asks for: `start` and `end` in epoch seconds, else `range`, else the default one."""
    if "start" in query or "end" in query:
        return Span(instant(query, "start"), instant(query, "end"))
    name = query.get("range", default)
    name = name if name in RANGES else default
    return Span(now - RANGES[name], now, name)


def instant(query: Mapping[str, str], name: str) -> datetime:
    """A time in epoch seconds; raises Invalid naming the parameter."""
    try:
        moment = datetime.fromtimestamp(float(query.get(name, "")), tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise Invalid("invalid_time", f"{name} must be a time in epoch seconds.", field=name) from None
    if not EARLIEST <= moment <= LATEST:
        raise Invalid("invalid_time", f"{name} must lie between the years 2000 and 2100.", field=name)
    return moment


def points_for(width: str | None) -> int:
    """How many points suit a chart so many pixels wide."""
    pixels = int(width) if width and width.isascii() and width.isdigit() and len(width) < 6 else 800
    return min(MOST_POINTS, max(FEWEST_POINTS, pixels // PIXELS_PER_POINT))
