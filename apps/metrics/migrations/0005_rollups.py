"""Roll-ups with sketches: tables kept by a job, or continuous aggregates where the server has them."""

from typing import Any

import django.db.models.deletion
import timescale.db.models.fields
from django.db import migrations, models

import apps.metrics.models.fields
from apps.core.sql import run_sql_file
from apps.core.timescale.operations import run_sql_file_by_tier

UNITS = {
    "cpu_percent": "%",
    "cpu_temp": "°C",
    "load_1m": "count",
    "ram_percent": "%",
    "ram_used_gb": "GB",
    "swap_percent": "%",
    "gpu_utilization": "%",
    "gpu_memory_percent": "%",
    "gpu_temp": "°C",
    "disk_percent": "%",
    "disk_read_mb_s": "MB/s",
    "disk_write_mb_s": "MB/s",
    "disk_io_wait_percent": "%",
    "net_sent_mb_s": "MB/s",
    "net_recv_mb_s": "MB/s",
    "process_count": "count",
}
Columns = list[tuple[str, Any]]


def subject(to: str) -> Any:
    """Return the column that says whose bucket it is."""
    return models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to=to
    )


def bucket(column: str, interval: str) -> Columns:
    """Return the key and the bucket."""
    key = models.CompositePrimaryKey(column, "bucket", blank=True, editable=False, primary_key=True, serialize=False)
    return [("pk", key), ("bucket", timescale.db.models.fields.TimescaleDateTimeField(interval=interval))]


def vitals(*, has_sketches: bool) -> Columns:
    """Return the columns of every vital."""
    found: Columns = []
    for name, unit in UNITS.items():
        comment: Any = {"blank": True, "db_comment": unit, "null": True}
        found += [
            (f"{name}_count", models.IntegerField(blank=True, null=True)),
            (f"{name}_avg", models.FloatField(**comment)),
            (f"{name}_min", apps.metrics.models.fields.Real(**comment)),
            (f"{name}_max", apps.metrics.models.fields.Real(**comment)),
            (f"{name}_p95", apps.metrics.models.fields.Real(**comment)),
        ]
        if has_sketches:
            found.append((f"{name}_sketch", models.BinaryField(blank=True, null=True)))
    return found


def usage(name: str, table: str, interval: str, *, has_sketches: bool) -> migrations.CreateModel:
    """Return the roll-up of vitals of a table."""
    count = ("sample_count", models.IntegerField())
    fields = [*bucket("node", interval), ("node", subject("nodes.node")), count, *vitals(has_sketches=has_sketches)]
    return migrations.CreateModel(name=name, fields=fields, options={"db_table": table})


def sketches() -> migrations.CreateModel:
    """Return the sketches of hours."""
    key = models.CompositePrimaryKey(
        "vital", "node", "bucket", blank=True, editable=False, primary_key=True, serialize=False
    )
    fields: Columns = [
        ("pk", key),
        ("vital", models.TextField()),
        ("bucket", timescale.db.models.fields.TimescaleDateTimeField(interval="1 day")),
        ("node", subject("nodes.node")),
        ("value_count", models.IntegerField()),
        ("p95", apps.metrics.models.fields.Real(blank=True, null=True)),
        ("sketch", models.BinaryField()),
    ]
    return migrations.CreateModel(name="UsageSketch", fields=fields, options={"db_table": "usage_sketches"})


def metric() -> migrations.CreateModel:
    """Return the roll-up of series."""
    floats = ("avg", "min", "max", "p95", "first_value", "last_value", "increase")
    fields: Columns = [
        *bucket("series", "7 days"),
        ("series", subject("metrics.metricseries")),
        ("sample_count", models.IntegerField()),
        *((name, models.FloatField(blank=True, null=True)) for name in floats),
        *((name, models.DateTimeField(blank=True, null=True)) for name in ("first_at", "last_at")),
        ("sketch", models.BinaryField(blank=True, null=True)),
    ]
    return migrations.CreateModel(name="MetricHourly", fields=fields, options={"db_table": "metric_hourly"})


STATE = [
    migrations.DeleteModel(name="UsageHourly"),
    usage("UsageHourly", "usage_hourly", "30 days", has_sketches=False),
    usage("UsageDaily", "usage_daily", "360 days", has_sketches=True),
    sketches(),
    metric(),
]


class Migration(migrations.Migration):
    """Runs `sql/0005_*.sql`."""

    dependencies = [("core", "0003_partitions"), ("metrics", "0005_queue")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=STATE,
            database_operations=[
                run_sql_file(__file__, "0005_sketches"),
                run_sql_file(__file__, "0005_before"),
                run_sql_file_by_tier(__file__, "0005_tables", licensed="0005_aggregates"),
                run_sql_file(__file__, "0005_publish"),
                run_sql_file(__file__, "0005_mark"),
            ],
        )
    ]
