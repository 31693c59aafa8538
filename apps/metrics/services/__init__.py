"""The verbs of time series."""

from apps.metrics.services.cluster_state import tell_cluster_state
from apps.metrics.services.derived_vitals import derive_vitals
from apps.metrics.services.partitions import ensure_partitions
from apps.metrics.services.refresh import refresh
from apps.metrics.services.retention import apply_retention, drop_expired
from apps.metrics.services.rollup import queue_hours, roll_up

__all__ = [
    "apply_retention",
    "derive_vitals",
    "drop_expired",
    "ensure_partitions",
    "queue_hours",
    "refresh",
    "roll_up",
    "tell_cluster_state",
]
