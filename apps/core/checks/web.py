"""Is what browsers are told, and what is believed of a request, safe? Errors 1 to 19."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.checks import CheckMessage

from apps.core.checks.findings import error, warning

YEAR_SECONDS: Final = 31_536_000
MOST_BYTES: Final = 8 * 1024 * 1024
DANGEROUS_SOURCES: Final = {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:", "data:"}
SELF_ONLY: Final = ("default-src", "script-src", "style-src", "form-action", "base-uri")


def web_findings(settings: Any) -> Iterator[CheckMessage]:
    """Yield what is unsafe between browsers, proxies and us."""
    yield from _environment(settings)
    yield from _addresses(settings)
    yield from _cookies(settings, "SESSION", 7)
    yield from _cookies(settings, "CSRF", 8)
    yield from _headers(settings)
    yield from _proxies(settings)


def _environment(settings: Any) -> Iterator[CheckMessage]:
    """Production as such."""
    if not settings.OMEGA.is_production:
        yield error(1, "This is no production environment: unsafe values would be accepted.", "OMEGA_ENV=production")
    if settings.DEBUG:
        yield error(2, "DEBUG is on: error pages would show code and settings.", "DEBUG must stay False.")


def _addresses(settings: Any) -> Iterator[CheckMessage]:
    """Hosts, and the addresses that people and agents use."""
    hosts, public = settings.ALLOWED_HOSTS, urlsplit(settings.OMEGA.public_url)
    if not hosts or any("*" in host or host.startswith(".") for host in hosts):
        yield error(3, "Any host name, or any of a domain, is answered to.", "ALLOWED_HOSTS: name every host.")
    elif (public.hostname or "") not in hosts:
        yield error(4, "The portal does not answer to its own address.", "ALLOWED_HOSTS: add the host of PUBLIC_URL.")
    if public.scheme != "https" or urlsplit(settings.OMEGA.ingest_public_url).scheme != "https":
        yield error(5, "People or agents would send their credentials unencrypted.", "PUBLIC_URL, INGEST_PUBLIC_URL")
    if set(settings.CSRF_TRUSTED_ORIGINS) != {settings.OMEGA.public_url}:
        yield error(6, "Forms of other origins are trusted.", "CSRF_TRUSTED_ORIGINS: PUBLIC_URL only.")


def _cookies(settings: Any, kind: str, number: int) -> Iterator[CheckMessage]:
    """A cookie that only this host sets and gets, over HTTPS only, and not with requests other sites make."""
    found: dict[str, Any] = {name: getattr(settings, f"{kind}_COOKIE_{name}", None) for name in (
        "NAME", "SECURE", "SAMESITE", "PATH", "DOMAIN",
    )}  # fmt: skip
    wrong = [
        (not str(found["NAME"]).startswith("__Host-"), "its name lacks __Host-"),
        (not found["SECURE"], "it is not Secure"),
        (found["SAMESITE"] not in ("Lax", "Strict"), "its SameSite is neither Lax nor Strict"),
        (found["PATH"] != "/" or bool(found["DOMAIN"]), "it has a path or a domain"),
        (kind == "SESSION" and not settings.SESSION_COOKIE_HTTPONLY, "scripts may read it"),
    ]
    if faults := [fault for is_wrong, fault in wrong if is_wrong]:
        change = f"PUBLIC_URL must begin with https://; leave {kind}_COOKIE_* alone."
        yield error(number, f"The {kind.lower()} cookie is unsafe: {', '.join(faults)}.", change)


def _headers(settings: Any) -> Iterator[CheckMessage]:
    """What browsers are told with every answer."""
    if settings.SECURE_HSTS_SECONDS < YEAR_SECONDS:
        yield error(9, "Browsers are not told to insist on HTTPS for a year.", "PUBLIC_URL must begin with https://")
    policy = getattr(settings, "CONTENT_SECURITY_POLICY", {}).get("DIRECTIVES", {})
    open_ = [name for name in SELF_ONLY if not policy.get(name) or DANGEROUS_SOURCES & {str(s) for s in policy[name]}]
    if open_ or [str(source) for source in policy.get("frame-ancestors", [])] != ["'none'"]:
        yield error(
            10,
            f"The content security policy is open: {', '.join(open_) or 'frame-ancestors'}.",
            "CONTENT_SECURITY_POLICY",
        )
    largest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if largest is None or largest > MOST_BYTES or settings.DATA_UPLOAD_MAX_NUMBER_FIELDS is None:
        yield error(11, "Bodies of requests are not bounded.", "DATA_UPLOAD_MAX_*")


def _proxies(settings: Any) -> Iterator[CheckMessage]:
    """Forwarding headers are believed exactly where a proxy of ours writes them."""
    proxies, header = settings.OMEGA.trusted_proxies, settings.SECURE_PROXY_SSL_HEADER
    if settings.USE_X_FORWARDED_HOST or settings.USE_X_FORWARDED_PORT:
        yield error(12, "The host is taken from a header that clients can write.", "USE_X_FORWARDED_* must stay False.")
    if bool(header) != bool(proxies):
        change = "TRUSTED_PROXIES: how many stand before the portal; SECURE_PROXY_SSL_HEADER follows from it."
        yield error(13, "Whether a request came encrypted is believed of the wrong party.", change)
    if settings.REST_FRAMEWORK.get("NUM_PROXIES") != proxies:
        yield error(14, "REST and pages count proxies differently.", "TRUSTED_PROXIES; NUM_PROXIES follows from it.")
    if not settings.SECURE_SSL_REDIRECT:
        yield error(15, "Unencrypted requests are answered.", "PUBLIC_URL must begin with https://")
    if not proxies and settings.OMEGA.public_url.startswith("https://"):
        yield warning(
            16,
            "PUBLIC_URL is https:// but no proxy is trusted: behind one, every request is redirected to itself for ever"
            " and the audit log shows the proxy's address.",
            "TRUSTED_PROXIES: how many proxies stand before the portal; 0 only when the process itself speaks TLS.",
        )
