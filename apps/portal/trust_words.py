"""What the codes of refusals mean and what to do about them. Pure."""

from dataclasses import dataclass

from apps.metrics.clock import Clock

Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Advice:
    """How often a code came, what it means, and what helps."""

    code: str
    count: int
    meaning: str
    remedy: str


REJECTED = {
    "in_future": (
        "More than 5 minutes ahead of the portal.",
        "The clock is fast: set up time synchronisation.",
    ),
    "too_old": (
        "More than 7 days old when it came.",
        "Either the clock is far behind, or a backlog outlived its welcome: look at clock and backlog.",
    ),
    "invalid_time": ("Not a time.", "Send RFC 3339 with a zone, or seconds since 1970; milliseconds are refused."),
    "invalid_value": (
        "A name, a unit, a label or a value is out of bounds.",
        "The sender's log says which field.",
    ),
    "not_finite": ("Not a finite number.", "Leave such samples out where they are measured."),
    "series_limit": (
        "The node has as many series as it may.",
        "Some label has a new value each time, such as a request's id: drop it in the collector.",
    ),
}
REFUSED = {
    "node_pending": ("The node waits for approval.", "Approve it; a good agent keeps its data meanwhile."),
    "wrong_node": (
        "The request names another node.",
        "Two machines share a configuration: enrol again.",
    ),
    "too_many_items": ("More samples in one request than are taken.", "Make the collector's batches smaller."),
    "unstorable": ("The database cannot hold a value of the request.", "Tell whoever wrote the collector."),
}
PROTOCOLS = {"agent": "Agent", "prometheus": "Prometheus", "otlp": "OpenTelemetry", "influx": "Influx, Telegraf"}
UNKNOWN = ("Refused by the door.", "The sender's log says more.")
TOLERATED = ("Left out as its protocol foresees.", "Nothing has to be done.")


def advised(counts: dict[str, int], words: dict[str, Words], other: Words = UNKNOWN) -> list[Advice]:
    """Return codes with what they mean, in the order given."""
    return [Advice(code, count, *words.get(code, other)) for code, count in counts.items()]


def clock_words(seconds: float | None, clock: Clock) -> str:
    """Say how a clock stands, such as "12 s ahead"."""
    if seconds is None or clock is Clock.UNKNOWN:
        return "not told"
    if clock is Clock.OK:
        return f"within {max(0.1, abs(seconds)):.1f} s"
    size = abs(seconds)
    text = f"{size:.0f} s" if size < 120 else f"{size / 60:.0f} min" if size < 7200 else f"{size / 3600:.0f} h"
    return f"{text} {'ahead' if seconds > 0 else 'behind'}"
