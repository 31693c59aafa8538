"""Each process connects as its own role; the roles' URLs follow from the owner's."""

from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omega_portal.settings.config import Config
from omega_portal.settings.databases import (
    ROLE_OF_PROCESS,
    django_database,
    django_databases,
    role_password,
    role_passwords,
    role_url,
)

OWNER = "postgresql://omega_owner:p%40ss%2Fword%3A%25@db.example.test:6432/omega%20db?sslrootcert=/etc/ca.pem"
SERVING = ("omega_portal", "omega_worker", "data_collector")


def config(**values: object) -> Config:
    """Return settings of these values, whatever the environment says."""
    urls = (
        "database_url",
        "database_admin_url",
        "database_portal_url",
        "database_worker_url",
        "database_collector_url",
    )
    return Config(**{"secret_key": "k" * 50, **dict.fromkeys(urls), "database_url": OWNER, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize("role", SERVING)
def test_role_without_a_url_gets_the_owners_with_its_own_name_and_password(role: str) -> None:
    url = urlsplit(role_url(config(), role))

    assert (url.username, url.hostname, url.port, url.path) == (role, "db.example.test", 6432, "/omega%20db")
    assert url.query == "sslrootcert=/etc/ca.pem"
    assert url.password == role_password(config(), role)
    assert "p%40ss" not in url.netloc


def test_derived_passwords_differ_by_role_and_by_key_and_are_long() -> None:
    passwords = [role_password(config(secret_key=key), role) for key in ("a" * 50, "b" * 50) for role in SERVING]

    assert len(set(passwords)) == 6
    assert all(len(password) == 64 for password in passwords)


def test_owner_connects_with_exactly_what_was_given() -> None:
    found = django_database(config(), role_url(config(), "omega_owner"))

    assert (found["USER"], found["PASSWORD"], found["NAME"]) == ("omega_owner", "p@ss/word:%", "omega db")
    assert (found["HOST"], found["PORT"]) == ("db.example.test", "6432")
    assert found["OPTIONS"]["sslrootcert"] == "/etc/ca.pem"


def test_a_server_that_vanished_is_noticed_on_idle_connections_and_the_url_may_say_how_soon() -> None:
    usual = django_database(config(), role_url(config(), "omega_portal"), pool=True)["OPTIONS"]
    own = django_database(config(), f"{OWNER}&keepalives_idle=99")["OPTIONS"]

    assert usual["keepalives_idle"] + usual["keepalives_count"] * usual["keepalives_interval"] < 30
    assert usual["tcp_user_timeout"] < 30_000
    assert own["keepalives_idle"] == "99"


@given(user=st.text(min_size=1), password=st.text(min_size=1), name=st.text(min_size=1).filter(lambda n: n[0] != "/"))
def test_odd_names_and_passwords_survive_when_percent_encoded(user: str, password: str, name: str) -> None:
    parts = [quote(part.encode("utf8", "replace"), safe="") for part in (user, password, name)]
    clean = [unquote(part) for part in parts]
    url = f"postgresql://{parts[0]}:{parts[1]}@db.example.test:5432/{parts[2]}"

    found = django_database(config(), url)
    derived = django_database(config(), role_url(config(database_url=url), "omega_worker"))

    assert [found["USER"], found["PASSWORD"], found["NAME"]] == clean
    assert (derived["USER"], derived["NAME"], derived["HOST"]) == ("omega_worker", clean[2], "db.example.test")


def test_own_url_of_a_role_wins_and_its_password_is_the_one_the_role_gets() -> None:
    own = config(database_worker_url="postgresql://omega_worker:an%40other@elsewhere/omega")

    assert urlsplit(role_url(own, "omega_worker")).hostname == "elsewhere"
    assert role_passwords(own)["omega_worker"] == "an@other"
    assert role_passwords(own)["omega_portal"] == role_password(own, "omega_portal")


@pytest.mark.parametrize("process", ROLE_OF_PROCESS)
def test_only_commands_know_the_owner(process: str) -> None:
    found = django_databases(config(omega_process=process))

    assert found["default"]["USER"] == ROLE_OF_PROCESS[process]
    assert ("owner" in found) is (process == "manage")
    assert ("pool" in found["default"]["OPTIONS"]) is (process == "web")
    if process != "manage":
        assert "p@ss/word:%" not in str(found)


def test_process_without_any_url_says_which_variable_is_missing() -> None:
    with pytest.raises(ValueError, match="DATABASE_URL: is not set"):
        django_databases(config(database_url=None, omega_process="web"))


def test_socket_and_ipv6_places_are_kept() -> None:
    socket = django_database(config(), "postgresql://o:p@%2Frun%2Fpostgresql/omega")
    six = django_database(config(), role_url(config(database_url="postgresql://o:p@[::1]:5433/omega"), "omega_portal"))

    assert (socket["HOST"], socket["PORT"]) == ("/run/postgresql", "")
    assert (six["HOST"], six["PORT"], six["USER"]) == ("::1", "5433", "omega_portal")
