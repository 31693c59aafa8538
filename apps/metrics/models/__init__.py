"""The time-series tables."""

from apps.metrics.models.correction import CorrectedSample, CorrectedUsage, SampleCorrection
from apps.metrics.models.custom import MetricFamily, MetricSample, MetricSeries
from apps.metrics.models.process import ProcessSnapshot
from apps.metrics.models.receipt import IngestBatch
from apps.metrics.models.retention_policy import RetentionPolicy
from apps.metrics.models.rollups import MetricHourly, UsageDaily, UsageHourly, UsageSketch
from apps.metrics.models.trust import IngestTrust
from apps.metrics.models.usage import NodeLatest, UsageMetric, UsageRollupQueue
from apps.metrics.models.vitals_source import VitalsSource

__all__ = [
    "CorrectedSample",
    "CorrectedUsage",
    "IngestBatch",
    "IngestTrust",
    "MetricFamily",
    "MetricHourly",
    "MetricSample",
    "MetricSeries",
    "NodeLatest",
    "ProcessSnapshot",
    "RetentionPolicy",
    "SampleCorrection",
    "UsageDaily",
    "UsageHourly",
    "UsageMetric",
    "UsageRollupQueue",
    "UsageSketch",
    "VitalsSource",
]
