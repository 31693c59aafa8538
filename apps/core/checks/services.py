"""Are the services behind reached safely, and are secrets kept safely? Errors 20 to 29."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from django.core.checks import CheckMessage

from apps.core.checks.findings import error, warning

SHORTEST_KEY: Final = 50
DERIVED_KEY: Final = 0


def service_findings(settings: Any) -> Iterator[CheckMessage]:
    """Yield what is unsafe between us and what we use."""
    if len(settings.SECRET_KEY) < SHORTEST_KEY:
        yield error(20, f"The key that signs sessions has fewer than {SHORTEST_KEY} characters.", "SECRET_KEY")
    for alias, database in settings.DATABASES.items():
        if not _is_verified(database):
            yield error(21, f"Connection “{alias}” would cross the network unverified.", "DATABASE_TLS=verify-full")
    yield from _redis(settings.REDIS_URL)
    if settings.FIELD_KEY_IN_USE == DERIVED_KEY:
        yield warning(24, "Encrypted columns use a key derived from SECRET_KEY, which then cannot be changed alone.",
                      "FIELD_KEYS=1:$(openssl rand -base64 32), then manage.py rotate_field_keys")  # fmt: skip


def _is_verified(database: dict[str, Any]) -> bool:
    """Tell whether a connection stays on this machine or knows whom it talks to."""
    return is_here(database.get("HOST", "")) or database.get("OPTIONS", {}).get("sslmode") == "verify-full"


def _redis(url: str) -> Iterator[CheckMessage]:
    """Yield what is wrong with the way to Redis."""
    parts = urlsplit(url)
    if parts.scheme in ("unix", "redis+socket") or is_here(parts.hostname or ""):
        return
    if parts.scheme != "rediss":
        yield error(22, "Redis would be reached over the network unencrypted.", "REDIS_URL must begin with rediss://")
    options = dict(parse_qsl(parts.query))
    if options.get("ssl_cert_reqs", "required") not in ("required", "CERT_REQUIRED"):
        yield error(23, "The certificate of Redis is not verified.", "REDIS_URL: leave out ssl_cert_reqs")
    if options.get("ssl_check_hostname", "true").lower() in ("false", "0", "no"):
        yield error(23, "The certificate of Redis may be another host's.", "REDIS_URL: leave out ssl_check_hostname")


def is_here(host: str) -> bool:
    """Tell whether a host is this machine: a loopback address, `localhost`, a socket's folder, or none."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in ("", "localhost") or host.startswith("/")
