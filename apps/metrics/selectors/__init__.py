"""Reads of time series, one module per question."""

from apps.metrics.selectors.custom import CustomMetric, custom_metrics_of, custom_series
from apps.metrics.selectors.fleet import FleetCell, FleetNow, NodeRow, fleet_now, fleet_page
from apps.metrics.selectors.now import ProcessList, latest_of, processes_of

__all__ = [
    "CustomMetric",
    "FleetCell",
    "FleetNow",
    "NodeRow",
    "ProcessList",
    "custom_metrics_of",
    "custom_series",
    "fleet_now",
    "fleet_page",
    "latest_of",
    "processes_of",
]
