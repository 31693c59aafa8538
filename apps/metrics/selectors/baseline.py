"""What is usual for a metric of a node, from its hourly roll-up."""

from datetime import datetime, timedelta
from uuid import UUID

from apps.core.sql import fetch_all
from apps.metrics.baselines import Baseline, Hours, baseline
from apps.metrics.vitals import VITALS

SOME_VITAL = "cpu_percent"


def baseline_of(node_id: UUID, metric: str, *, now: datetime, weeks: int = 4, zone: str = "UTC") -> Baseline:
    """Return the baseline of a vital or named metric over the full hours of the last weeks, in one statement.

    Hours of the week are those of `zone` (IANA); where its clocks change, an hour stays with what the wall says. The
    hour under way is left out: it is what one compares.
    """
    until = now.replace(minute=0, second=0, microsecond=0)
    vital = metric if metric in VITALS else SOME_VITAL
    params = {
        "node_id": node_id,
        "metric": metric,
        "is_vital": metric in VITALS,
        "since": until - timedelta(weeks=weeks),
        "until": until,
        "zone": zone,
    }
    names = {"mean": f"{vital}_avg", "count": f"{vital}_count"}
    rows = fetch_all(__file__, "baseline_hours.sql", params, names=names)
    return baseline(Hours.of([(row["slot"], row["mean"], row["count"]) for row in rows]))
