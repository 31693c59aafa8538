"""The newest vitals of the whole fleet in one answer: every value as stored, nobody else's nodes, always valid JSON."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from apps.metrics.models import NodeLatest
from apps.metrics.selectors.fleet_latest import COLUMNS
from tests import make, signed_in
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
ADDRESS = "/api/v1/fleet/latest/"
FULL = {
    "cpu_per_core": [1.5, 98.25], "cpu_percent": 49.875, "cpu_temp": 61.5, "load_1m": 0.25, "ram_percent": 80.5,
    "ram_used_gb": 1e-05, "swap_percent": 0.0, "gpu_utilization": 100.0, "gpu_memory_percent": 3.5, "gpu_temp": 70.0,
    "disk_percent": 12.5, "disk_read_mb_s": 1e6, "disk_write_mb_s": 0.125, "disk_io_wait_percent": 1.0,
    "net_sent_mb_s": 2.5, "net_recv_mb_s": 1250000.0, "process_count": 321, "uptime_seconds": 1234567.25,
}  # fmt: skip


def rows(browser: Client) -> dict[str, dict[str, object]]:
    """Return the answer by node."""
    answer = browser.get(ADDRESS)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    found = json.loads(answer.content, parse_constant=pytest.fail)
    assert tuple(found["columns"]) == COLUMNS
    return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in found["rows"]}


def test_columns_are_those_of_the_table() -> None:
    assert sorted(COLUMNS) == sorted(field.attname for field in NodeLatest._meta.concrete_fields)


def test_every_value_is_told_as_it_is_stored(client_as: Callable[[str], Client], now: datetime) -> None:
    full, sparse = make.node(), make.node()
    make.latest(full, now, **FULL)
    make.latest(sparse, now, cpu_percent=None, cpu_per_core=[])

    found = rows(client_as("READONLY"))

    times = {"at": now.timestamp(), "received_at": now.timestamp()}
    assert found[str(full.pk)] == {"node_id": str(full.pk), **FULL, **times}
    nothing = dict.fromkeys(FULL) | {"cpu_per_core": []}
    assert found[str(sparse.pk)] == {"node_id": str(sparse.pk), **nothing, **times}


def test_what_is_no_number_becomes_null(client_as: Callable[[str], Client], now: datetime) -> None:
    node = make.node()
    make.latest(node, now, cpu_percent=1.0)
    with acting_as("omega_worker"):
        NodeLatest.objects.filter(pk=node.pk).update(
            cpu_percent=float("nan"), load_1m=float("inf"), uptime_seconds=float("-inf")
        )

    found = rows(client_as("READONLY"))[str(node.pk)]

    assert (found["cpu_percent"], found["load_1m"], found["uptime_seconds"]) == (None, None, None)


def test_an_empty_fleet_is_an_empty_table(client_as: Callable[[str], Client]) -> None:
    assert rows(client_as("READONLY")) == {}


def test_nodes_of_another_tenant_are_not_told(client: Client, now: datetime) -> None:
    theirs = make.tenant()
    node, other = make.node(), make.node(tenant=theirs)
    for each in (node, other):
        make.latest(each, now)
    signed_in.sign_in(client, make.user(role="USER", tenant=theirs))

    assert list(rows(client)) == [str(other.pk)]


def test_a_machine_of_very_many_cores_is_told_like_any_other(client_as: Callable[[str], Client], now: datetime) -> None:
    node, cores = make.node(), [round(core / 41, 2) for core in range(4096)]
    make.latest(node, now, cpu_per_core=cores)

    assert rows(client_as("READONLY"))[str(node.pk)]["cpu_per_core"] == cores
