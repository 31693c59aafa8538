"""The verbs of time series."""

from apps.metrics.services.derived_vitals import derive_vitals
from apps.metrics.services.partitions import ensure_partitions
from apps.metrics.services.retention import drop_expired
from apps.metrics.services.rollup import queue_hours, roll_up

__all__ = ["derive_vitals", "drop_expired", "ensure_partitions", "queue_hours", "roll_up"]
