"""A file of some nodes reads the samples of these nodes: not those of everybody, to throw them away."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from psycopg import sql

from apps.core.sql import sql_text
from apps.metrics.models import UsageMetric
from apps.metrics.queries import Selector, Window
from apps.metrics.selectors import export
from tests import make
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
NOW = datetime.now(UTC).replace(microsecond=0)
OURS, THEIRS, SAMPLES = 21, 380, 100


def read(part: dict[str, Any]) -> int:
    """Return how many samples a part of a plan read, those it threw away too."""
    thrown = part.get("Rows Removed by Filter", 0) + part.get("Rows Removed by Index Recheck", 0)
    is_look = "Relation Name" in part and part["Relation Name"] != "nodes" and part["Node Type"] != "Custom Scan"
    here = (part["Actual Rows"] + thrown) * part["Actual Loops"] if is_look else 0
    return round(here) + sum(read(child) for child in part.get("Plans", ()))


def test_file_of_21_nodes_reads_no_sample_of_others() -> None:
    ours = [make.node() for _ in range(OURS)]
    theirs = [make.node() for _ in range(THEIRS)]
    times = [NOW - timedelta(minutes=2 * n) for n in range(1, SAMPLES + 1)]
    with acting_as("omega_worker"):
        UsageMetric.objects.bulk_create(
            (UsageMetric(node=node, timestamp=at, cpu_percent=5.0) for at in times for node in [*ours, *theirs]),
            batch_size=5000,
        )
    with acting_as(connection.settings_dict["USER"]), connection.cursor() as cursor:
        cursor.execute("ANALYZE usage_metrics")
    asked = Window("cpu_percent", NOW - timedelta(days=1), NOW, Selector(nodes=tuple(node.pk for node in ours)))
    planned = export.plan_export(asked, ["cpu_percent"], NOW)

    statement = sql_text(export.__file__, "export_vitals.sql").partition("COPY (")[2].rpartition(") TO STDOUT")[0]
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) " + statement).format(columns=sql.Identifier("cpu_percent")),  # type: ignore[arg-type]
            export.of_vitals(planned),
        )
        [([whole],)] = cursor.fetchall()

    assert OURS * SAMPLES <= read(whole["Plan"]) < 2 * OURS * SAMPLES
