"""What each process of the portal is told: only its own role's database address, never the owner's."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from omega_portal.settings.config import Config
from omega_portal.settings.databases import role_url
from omega_portal.stack.credentials import secret
from omega_portal.stack.places import Place
from omega_portal.stack.servers import Servers, given

# Which variable carries the database address of a process, and the role it names.
_ROLES = {
    "web": ("DATABASE_PORTAL_URL", "omega_portal"),
    "ingest": ("DATABASE_COLLECTOR_URL", "data_collector"),
    "worker": ("DATABASE_WORKER_URL", "omega_worker"),
    "beat": ("DATABASE_WORKER_URL", "omega_worker"),
}
# This machine's own agent comes in by these, whatever the portal is called elsewhere.
_LOOPBACK_HOSTS = "127.0.0.1,localhost"
# What tunes the connection, whatever the role.
_CONNECTION = {"DATABASE_TLS", "DATABASE_POOL_SIZE"}


@dataclass(frozen=True)
class Addresses:
    """Where people and agents reach the portal."""

    listen: str
    web_port: int
    ingest_port: int
    public_url: str
    ingest_public_url: str


def addresses(web_port: int, ingest_port: int) -> Addresses:
    """Return the addresses for these ports.

    OMEGA_LISTEN opens the portal to other machines (default 127.0.0.1); PUBLIC_URL and INGEST_PUBLIC_URL
    say how those reach it.
    """
    return Addresses(
        os.environ.get("OMEGA_LISTEN", "127.0.0.1"),
        web_port,
        ingest_port,
        os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{web_port}"),
        os.environ.get("INGEST_PUBLIC_URL", f"http://127.0.0.1:{ingest_port}"),
    )


def database_url(place: Place, servers: Servers, role: str) -> str:
    """Address a role connects with: the one given by environment, else derived exactly as the settings do."""
    key, owner = SecretStr(_secret_key(place)), SecretStr(servers.database_url)
    return role_url(Config(secret_key=key, database_url=owner), role)


def own_variables(place: Place, servers: Servers, where: Addresses, process: str) -> dict[str, str]:
    """The variables that the stack decides for `web`, `ingest`, `worker`, `beat` or `manage`."""
    variables = {
        "OMEGA_ENV": os.environ.get("OMEGA_ENV", "development"),
        "OMEGA_PROCESS": process,
        "DJANGO_SETTINGS_MODULE": "omega_portal.settings.django",
        "SECRET_KEY": _secret_key(place),
        "REDIS_URL": servers.redis_url,
        "PUBLIC_URL": where.public_url,
        "INGEST_PUBLIC_URL": where.ingest_public_url,
        "PYTHONUNBUFFERED": "1",
    }
    if hosts := given("ALLOWED_HOSTS"):
        variables["ALLOWED_HOSTS"] = f"{hosts},{_LOOPBACK_HOSTS}"
    if process in {"worker", "beat"}:
        variables["LOG_LEVEL"] = quiet_level()
    if process in _ROLES:
        name, role = _ROLES[process]
        return variables | {name: database_url(place, servers, role)}
    variables["DATABASE_URL"] = servers.database_url
    if servers.database_admin_url:
        variables["DATABASE_ADMIN_URL"] = servers.database_admin_url
    return variables


def quiet_level() -> str:
    """Log level of worker and beat: a line for every task, every other second, would bury what matters."""
    return os.environ.get("LOG_LEVEL", "WARNING")


def full_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment with these variables, without database addresses meant for other processes."""
    kept = {
        name: value for name, value in os.environ.items() if name in _CONNECTION or not name.startswith("DATABASE_")
    }
    # Without compiled modules every one of our many starts would take twice as long.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | dict(variables)


def _secret_key(place: Place) -> str:
    return given("SECRET_KEY") or secret(place, "secret_key", length=48)
