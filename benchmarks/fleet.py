"""A fleet to measure on: nodes with their newest vitals, their keys, and a person with a token. The same each time."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from psycopg import sql

from apps.accounts.models import User
from apps.accounts.services import default_tenant
from apps.accounts.services.tokens import create_token
from apps.core.context import acting, as_system
from apps.core.keys import AGENT_KEY, new_key
from apps.core.sql import sql_text
from apps.metrics.models import NodeLatest
from apps.nodes.services.keys import SCOPES
from benchmarks.stage import Stage

SEED: Final = 20_260_101
BATCH: Final = 2000
CORES: Final = 8


@dataclass(frozen=True, slots=True)
class Machine:
    """One node of the fleet; `key` is the text its agent shows."""

    node_id: UUID
    hostname: str
    key: str


@contextmanager
def as_the_portal() -> Iterator[None]:
    """See and change every row in the block."""
    with acting(as_system()):
        yield


@contextmanager
def unwatched(stage: Stage, *tables: str) -> Iterator[None]:
    """Leave the tables' triggers out in the block: filling up is no change that anybody need be told of."""
    with stage.connect() as connection:
        for table in tables:
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        yield
        for table in tables:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))


def make_nodes(stage: Stage, count: int) -> list[Machine]:
    """Add active nodes of the default tenant, in contact for the next hours, each with a key."""
    keys = [new_key(AGENT_KEY) for _ in range(count)]
    with unwatched(stage, "nodes", "node_api_keys"), stage.connect() as connection:
        rows = connection.execute(
            sql_text(__file__, "add_nodes.sql"),
            {
                "key_ids": [key.key_id for key in keys],
                "digests": [key.digest for key in keys],
                "scopes": SCOPES,
                "cores": CORES,
            },
        ).fetchall()
    return [Machine(node_id, hostname, key.text) for (node_id, hostname), key in zip(rows, keys, strict=True)]


def add_latest(machines: list[Machine]) -> None:
    """Give each node newest vitals, every column filled."""
    chance, now = random.Random(SEED), datetime.now(UTC)  # noqa: S311 - the same fleet each time
    rows = [NodeLatest(node_id=m.node_id, at=now, received_at=now, **_vitals(chance)) for m in machines]
    with as_the_portal():
        NodeLatest.objects.bulk_create(rows, batch_size=BATCH)


def _vitals(chance: random.Random) -> dict[str, Any]:
    """Return one sample of vitals such as machines send."""
    percents = (
        "cpu_percent", "ram_percent", "swap_percent", "gpu_utilization", "gpu_memory_percent", "disk_percent",
        "disk_io_wait_percent",
    )  # fmt: skip
    rates = ("disk_read_mb_s", "disk_write_mb_s", "net_sent_mb_s", "net_recv_mb_s")
    return {
        **{name: round(chance.uniform(0, 100), 1) for name in percents},
        **{name: round(chance.uniform(0, 200), 3) for name in rates},
        "cpu_per_core": [round(chance.uniform(0, 100), 1) for _ in range(CORES)],
        "cpu_temp": round(chance.uniform(30, 90), 1),
        "gpu_temp": round(chance.uniform(30, 90), 1),
        "load_1m": round(chance.uniform(0, CORES), 2),
        "ram_used_gb": round(chance.uniform(1, 32), 2),
        "process_count": chance.randint(80, 900),
        "uptime_seconds": float(chance.randint(1, 10_000_000)),
    }


def make_token(role: str = "DEVOPS") -> str:
    """Add a person of the default tenant and return the text of a token of theirs, which may read and write."""
    with as_the_portal():
        person = User(email=f"{role.lower()}@bench.test", full_name="Bench", role=role, tenant=default_tenant())
        person.save()
        made = create_token(user=person, name="bench", can_write=True, days=1, allowed_ips=[], now=datetime.now(UTC))
    return made.text
