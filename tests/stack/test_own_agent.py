"""This machine's agent enrols again only when what it remembers no longer holds."""

import pytest

from omega_portal.stack.environment import addresses
from omega_portal.stack.own_agent import home
from omega_portal.stack.places import Place
from omega_portal.stack.portal import Portal
from omega_portal.stack.servers import Servers


def portal(place: Place, ingest_port: int = 2, database: str = "postgresql://o@127.0.0.1/omega") -> Portal:
    """A portal at these addresses and whatever the environment says."""
    return Portal(place, Servers(database, "", "", ()), addresses(1, ingest_port))


def test_name_of_the_portal_elsewhere_does_not_matter(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    before = home(portal(place))
    monkeypatch.setenv("PUBLIC_URL", "http://portal.example.test:1")
    monkeypatch.setenv("OMEGA_LISTEN", "192.0.2.1")

    assert home(portal(place)) == before


def test_ports_delivery_address_and_database_do(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {home(portal(place)), home(portal(place, ingest_port=3)), home(portal(place, database="postgresql://b/c"))}
    monkeypatch.setenv("INGEST_PUBLIC_URL", "http://portal.example.test:2")

    assert len({*found, home(portal(place))}) == 4
