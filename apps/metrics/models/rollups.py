"""Roll-ups by the hour and the day: continuous aggregates on the licensed tier, elsewhere tables kept by a job.

Per vital: how many values, their average, least and greatest, the exact 95th percentile, and their sketch
(`metrics.sketch`), which hours have in a narrow table of its own. All are null where the bucket has no value of the
vital.
"""

from django.db import models
from django.db.models import CompositePrimaryKey
from timescale.db.models.fields import TimescaleDateTimeField

from apps.metrics.models.custom import MetricSeries
from apps.metrics.models.fields import Real, real
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node


class UsageHourly(models.Model):
    """One node, one hour (UTC): each vital as `<vital>_count`, `_avg`, `_min`, `_max` and `_p95`."""

    pk = CompositePrimaryKey("node", "bucket")
    node = models.ForeignKey(Node, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    bucket = TimescaleDateTimeField(interval="30 days")
    sample_count = models.IntegerField()

    class Meta:
        """Table `usage_hourly`, partitioned by 30 days."""

        db_table = "usage_hourly"

    def __str__(self) -> str:
        """Show the hour."""
        return f"{self.bucket:%F %H}h"


class UsageDaily(models.Model):
    """One node, one day (UTC), with the columns of an hour and each vital's `_sketch`."""

    pk = CompositePrimaryKey("node", "bucket")
    node = models.ForeignKey(Node, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    bucket = TimescaleDateTimeField(interval="360 days")
    sample_count = models.IntegerField()

    class Meta:
        """Table `usage_daily`, partitioned by 360 days."""

        db_table = "usage_daily"

    def __str__(self) -> str:
        """Show the day."""
        return f"{self.bucket:%F}"


class UsageSketch(models.Model):
    """One vital of one node in one hour (UTC) that is over: what percentiles of several hours are found from."""

    pk = CompositePrimaryKey("vital", "node", "bucket")
    vital = models.TextField()
    node = models.ForeignKey(Node, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    bucket = TimescaleDateTimeField(interval="1 day")
    value_count = models.IntegerField()
    p95 = Real(null=True, blank=True)
    sketch = models.BinaryField()

    class Meta:
        """Table `usage_sketches`, partitioned by the day."""

        db_table = "usage_sketches"

    def __str__(self) -> str:
        """Show vital and hour."""
        return f"{self.vital} {self.bucket:%F %H}h"


class MetricHourly(models.Model):
    """One series, one hour (UTC); `increase` is what a counter grew by between its first and last sample."""

    pk = CompositePrimaryKey("series", "bucket")
    series = models.ForeignKey(
        MetricSeries, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    bucket = TimescaleDateTimeField(interval="7 days")
    sample_count = models.IntegerField()
    avg = models.FloatField(null=True, blank=True)
    min = models.FloatField(null=True, blank=True)
    max = models.FloatField(null=True, blank=True)
    p95 = models.FloatField(null=True, blank=True)
    first_value = models.FloatField(null=True, blank=True)
    last_value = models.FloatField(null=True, blank=True)
    first_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    increase = models.FloatField(null=True, blank=True)
    sketch = models.BinaryField(null=True, blank=True)

    class Meta:
        """Table `metric_hourly`, partitioned by 7 days."""

        db_table = "metric_hourly"

    def __str__(self) -> str:
        """Show the hour."""
        return f"{self.bucket:%F %H}h"


def _columns(unit: str) -> dict[str, "models.Field[object, object]"]:
    """Return the columns of one vital, by the end of their names."""
    return {
        "count": models.IntegerField(null=True, blank=True),
        "avg": models.FloatField(null=True, blank=True, db_comment=unit),
        "min": real(unit),
        "max": real(unit),
        "p95": real(unit),
    }


for _vital in VITALS.values():
    for _model in (UsageHourly, UsageDaily):
        for _kind, _field in _columns(_vital.unit or "count").items():
            _field.contribute_to_class(_model, f"{_vital.name}_{_kind}")
    models.BinaryField(null=True, blank=True).contribute_to_class(UsageDaily, f"{_vital.name}_sketch")
