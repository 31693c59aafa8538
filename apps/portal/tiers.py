"""From which tier of storage numbers come, and how long one point is, in words. Pure."""

from datetime import timedelta

from apps.metrics.selectors.query import Source
from apps.portal import wording

DAY = 86_400
TIERS = {
    Source.RAW: "from samples",
    Source.HOURLY: "from hourly summaries",
    Source.DAILY: "from daily summaries",
}


def is_daily(step_seconds: int) -> bool:
    """Whether steps are days; those are days of UTC for everybody."""
    return step_seconds >= DAY


def tier_words(source: Source, step_seconds: int = 0) -> str:
    """What stands beside a chart or a ranking: the tier, and the length of a point where there are points."""
    if not step_seconds:
        return TIERS[source]
    return f"{TIERS[source]}, a point is {_step_words(step_seconds)}"


def _step_words(step_seconds: int) -> str:
    """The length of a step, with whose days are meant."""
    if not is_daily(step_seconds):
        return wording.duration(timedelta(seconds=step_seconds))
    days = round(step_seconds / DAY)
    return "a UTC day" if days == 1 else f"{days} UTC days"
