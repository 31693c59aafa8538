"""Which database role each process connects as, and the URL of each role."""

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from omega_portal.settings.config import Config

ENGINE = "apps.core.timescale"
# An idle connection notices within half a minute that its server vanished without a word, and keeps its way open.
KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}
ROLE_OF_PROCESS = {
    "web": "omega_portal",
    "ingest": "data_collector",
    "worker": "omega_worker",
    "beat": "omega_worker",
    "manage": "omega_owner",
}
ALIASES = {"portal": "omega_portal", "worker": "omega_worker", "collector": "data_collector"}


def role_password(config: Config, role: str) -> str:
    """Return the password of a role that has no URL of its own: a keyed digest, so nothing more must be configured."""
    key = config.secret_key.get_secret_value().encode()
    return hmac.new(key, f"database role {role}".encode(), hashlib.sha256).hexdigest()


def role_url(config: Config, role: str) -> str:
    """Return the URL a role connects with; raises ValueError naming the missing variable."""
    own = {
        "omega_portal": config.database_portal_url,
        "omega_worker": config.database_worker_url,
        "data_collector": config.database_collector_url,
    }.get(role)
    if own:
        return own.get_secret_value()
    if not config.database_url:
        raise ValueError("DATABASE_URL: is not set, and there is no URL for this process's own role")
    base = config.database_url.get_secret_value()
    if role == "omega_owner":
        return base
    parts = urlsplit(base)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{role_password(config, role)}@{place}"))


def role_passwords(config: Config) -> dict[str, str]:
    """Return the password of every role that a serving process connects as, for the command that creates the roles."""
    return {role: unquote(urlsplit(role_url(config, role)).password or "") for role in ALIASES.values()}


def django_database(config: Config, url: str, *, pool: bool = False) -> dict[str, Any]:
    """Turn a PostgreSQL URL into Django's settings; query parameters become connection options."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    options: dict[str, Any] = {"connect_timeout": 3, "sslmode": config.database_tls, **KEEPALIVE, **given}
    if pool:
        options["pool"] = {"min_size": 1, "max_size": config.database_pool_size, "timeout": 5}
    return {
        "ENGINE": ENGINE,
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 0 if pool else 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def django_databases(config: Config) -> dict[str, dict[str, Any]]:
    """Return the aliases of this process: `default` is its own role, and only commands also know the owner."""
    role = ROLE_OF_PROCESS[config.omega_process]
    found = {"default": django_database(config, role_url(config, role), pool=config.omega_process == "web")}
    if config.omega_process == "manage":
        found["owner"] = django_database(config, role_url(config, "omega_owner"))
    return found
