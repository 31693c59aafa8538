"""The time-series tables."""

from apps.metrics.models.custom import MetricFamily, MetricSample, MetricSeries
from apps.metrics.models.process import ProcessSnapshot
from apps.metrics.models.receipt import IngestBatch
from apps.metrics.models.usage import NodeLatest, UsageHourly, UsageMetric, UsageRollupQueue

__all__ = [
    "IngestBatch",
    "MetricFamily",
    "MetricSample",
    "MetricSeries",
    "NodeLatest",
    "ProcessSnapshot",
    "UsageHourly",
    "UsageMetric",
    "UsageRollupQueue",
]
