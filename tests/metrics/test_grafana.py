"""Grafana with a log-in of its own: what its data source asks, with the macros written out, and no writing."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import make
from tests.rows.test_peoples_log_ins import Open, houses, log_in
from tests.rows.two_tenants import House

__all__ = ["houses", "log_in"]
pytestmark = pytest.mark.data_layer
REFUSED = [("refused",)]


def panels(since: datetime, until: datetime) -> dict[str, str]:
    """Return what panels ask: $__timeFilter, $__timeGroupAlias and $__unixEpochFilter as Grafana writes them out."""
    window = f"BETWEEN '{since:%FT%TZ}' AND '{until:%FT%TZ}'"
    group = 'floor(extract(epoch from {})/300)*300 AS "time"'
    return {
        "vital over time": f'SELECT {group.format("time")}, n.hostname AS metric, avg(value) AS value'  # noqa: S608
        f" FROM node_metrics JOIN nodes n USING (node_id) WHERE time {window} AND metric_type = 'cpu_usage'"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        "wide table": f"SELECT time_bucket('300.000s', timestamp) AS \"time\", avg(cpu_percent), max(ram_percent)"  # noqa: S608
        f" FROM usage_metrics WHERE timestamp {window} GROUP BY 1 ORDER BY 1",
        "any name": f"SELECT time AS \"time\", metric_type AS metric, value FROM metrics"  # noqa: S608
        f" CROSS JOIN LATERAL (SELECT \"timestamp\" AS time) t WHERE \"timestamp\" {window} ORDER BY 1",
        "by epoch": "SELECT extract(epoch from time) AS \"time\", value FROM node_metrics"  # noqa: S608
        f" WHERE extract(epoch from time) >= {since.timestamp():.0f}"
        f" AND extract(epoch from time) <= {until.timestamp():.0f}",
        "variable": "SELECT DISTINCT hostname AS __text, node_id AS __value FROM nodes ORDER BY 1",
        "names": "SELECT DISTINCT metric_type FROM metric_series ORDER BY 1",
        "now": "SELECT hostname, l.cpu_percent, l.at FROM nodes JOIN node_latest l USING (node_id)",
        "is it there": "SELECT 1",
        "tables": "SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema NOT IN"
        " ('information_schema', 'pg_catalog') ORDER BY 1",
        "columns": "SELECT quote_ident(column_name), data_type FROM information_schema.columns"
        " WHERE quote_ident(table_name) = 'node_metrics'",
        "is timescale": "SELECT count(extversion) FROM pg_extension WHERE extname = 'timescaledb'",
    }  # fmt: skip


@pytest.mark.parametrize("group", ["dashboard_readonly", "analyst"])
def test_panels_are_answered_with_rows_of_the_tenant_and_nothing_is_written(
    group: str, log_in: Open, houses: tuple[House, House]
) -> None:
    red, blue = houses
    until = datetime.now(UTC)
    for one in houses:
        make.usage(one.node, until - timedelta(minutes=2), ram_percent=30.0)
    grafana = log_in(group, tenant=red.tenant)
    for name, statement in panels(until - timedelta(hours=1), until).items():
        found = grafana(statement)
        assert found, name
        assert found != REFUSED, name
        assert blue.node.hostname not in str(found), name
        assert str(blue.node.pk) not in str(found), name
    names = {table for (table,) in grafana(panels(until, until)["tables"])}
    assert {"node_metrics", "hourly_performance_stats", "user_sessions", "nodes"} <= names
    for write in ("DELETE FROM usage_metrics", "UPDATE nodes SET name = 'x'", "INSERT INTO node_metrics DEFAULT VALUES",
                  "CREATE TABLE x ()", "TRUNCATE nodes"):  # fmt: skip
        assert grafana(write) == REFUSED, write
