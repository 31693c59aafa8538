"""Two web processes remember nodes: a change at one is seen at the other, whatever happens to Valkey meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import redis

from apps.accounts.services.tokens import create_token
from apps.nodes.models import Node
from tests import make, processes
from tests.processes import Portal, wait_for
from tests.valkey import OwnValkey

pytestmark = pytest.mark.flow


@pytest.fixture
def portals(committed: None, tmp_path: Path, valkey: OwnValkey) -> Iterator[list[Portal]]:
    """Two web processes of one installation."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with (
        processes.portal(tmp_path / "one", valkey.url, "web") as one,
        processes.portal(tmp_path / "two", valkey.url, "web") as two,
    ):
        yield [one, two]


@pytest.fixture
def headers() -> dict[str, str]:
    """What a program of an operator sends."""
    person, now = make.user("DEVOPS"), datetime.now(UTC)
    made = create_token(user=person, name="test", can_write=True, days=1, allowed_ips=[], now=now)
    return {"Authorization": f"Bearer {made.text}"}


def test_a_change_is_seen_everywhere(portals: list[Portal], headers: dict[str, str], valkey: OwnValkey) -> None:
    one, two = (httpx.Client(base_url=portal.url, headers=headers, timeout=20) for portal in portals)
    address = f"/api/v1/nodes/{make.node(name='first').pk}/"

    def name_at(client: httpx.Client) -> str:
        return str(client.get(address).raise_for_status().json()["name"])

    def rename(client: httpx.Client, name: str) -> None:
        client.patch(address, json={"name": name}).raise_for_status()
        assert name_at(client) == name

    with one, two:
        assert (name_at(one), name_at(two)) == ("first", "first")

        rename(one, "second")
        wait_for(lambda: name_at(two) == "second")

        valkey.kill()
        rename(two, "third")
        wait_for(lambda: name_at(one) == "third")

        valkey.start()
        rename(one, "fourth")
        wait_for(lambda: name_at(two) == "fourth")

        Node.objects.update(name="fifth")
        with redis.Redis.from_url(valkey.url) as server:
            server.flushall()
        wait_for(lambda: name_at(one) == name_at(two) == "fifth")
