"""Each process is told its own database role's address and nobody else's."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from omega_portal.stack.environment import addresses, database_url, full_environment, own_variables
from omega_portal.stack.places import Place
from omega_portal.stack.servers import Servers

SERVERS = Servers(
    "postgresql://omega_owner:own@127.0.0.1:5/omega", "postgresql://postgres:x@127.0.0.1:5/postgres", "", ()
)


@pytest.mark.parametrize(
    ("process", "variable", "role"),
    [
        ("web", "DATABASE_PORTAL_URL", "omega_portal"),
        ("ingest", "DATABASE_COLLECTOR_URL", "data_collector"),
        ("worker", "DATABASE_WORKER_URL", "omega_worker"),
        ("beat", "DATABASE_WORKER_URL", "omega_worker"),
    ],
)
def test_serving_process_knows_only_its_role(place: Place, process: str, variable: str, role: str) -> None:
    variables = own_variables(place, SERVERS, addresses(1, 2), process)

    assert [name for name in variables if name.startswith("DATABASE_")] == [variable]
    parts = urlsplit(variables[variable])
    assert (parts.username, parts.hostname, parts.port, parts.path) == (role, "127.0.0.1", 5, "/omega")
    assert parts.password != "own"


def test_management_commands_know_the_owner_and_the_administrator(place: Place) -> None:
    variables = own_variables(place, SERVERS, addresses(1, 2), "manage")

    assert variables["DATABASE_URL"] == SERVERS.database_url
    assert variables["DATABASE_ADMIN_URL"] == SERVERS.database_admin_url


def test_owners_address_does_not_leak_from_the_callers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://owner@db/omega")
    monkeypatch.setenv("DATABASE_TLS", "require")

    environment = full_environment({"OMEGA_PROCESS": "web"})
    assert "DATABASE_URL" not in environment
    assert environment["DATABASE_TLS"] == "require"


def test_role_address_given_by_environment_wins(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PORTAL_URL", "postgresql://web:pw@db/omega")

    assert database_url(place, SERVERS, "omega_portal") == "postgresql://web:pw@db/omega"


def test_secret_key_is_made_once_and_private(place: Place) -> None:
    first = own_variables(place, SERVERS, addresses(1, 2), "web")["SECRET_KEY"]

    assert len(first) >= 50
    assert own_variables(place, SERVERS, addresses(1, 2), "ingest")["SECRET_KEY"] == first
    assert (place.secrets / "secret_key").stat().st_mode & 0o777 == 0o600


def test_secret_key_of_yours_is_taken_from_its_file_or_its_variable(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("from the file\n", encoding="utf-8")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert own_variables(place, SERVERS, addresses(1, 2), "web")["SECRET_KEY"] == "from the file"

    monkeypatch.setenv("SECRET_KEY", "from the variable")
    assert own_variables(place, SERVERS, addresses(1, 2), "web")["SECRET_KEY"] == "from the variable"
    assert not (place.secrets / "secret_key").exists()


def test_hosts_of_yours_do_not_shut_out_this_machine(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ALLOWED_HOSTS" not in own_variables(place, SERVERS, addresses(1, 2), "web")

    monkeypatch.setenv("ALLOWED_HOSTS", "portal.example.test")
    variables = own_variables(place, SERVERS, addresses(1, 2), "web")
    assert variables["ALLOWED_HOSTS"] == "portal.example.test,127.0.0.1,localhost"
