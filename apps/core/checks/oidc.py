"""Would a log-in through the identity provider let in only whom it says? Errors 30 to 49.

The library's own defaults count where a setting is missing: some of them are unsafe.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Info

from apps.core.checks.findings import error

OLDEST_JWT: Final = (2, 13)
LONGEST_WAIT_SECONDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a setting must be; `library` is what holds where there is none."""

    number: int
    library: Any
    safe: Any
    wrong: str


RULES: Final = {
    "OIDC_VERIFY_SSL": Rule(number=33, library=True, safe=True, wrong="The provider's certificate is not verified."),
    "OIDC_RP_SIGN_ALGO": Rule(number=34, library="HS256", safe="RS256", wrong="Tokens may be signed without RS256."),
    "OIDC_USE_PKCE": Rule(number=35, library=False, safe=True, wrong="A stolen code can be redeemed: PKCE is off."),
    "OIDC_PKCE_CODE_CHALLENGE_METHOD": Rule(
        number=36, library="S256", safe="S256", wrong="The PKCE challenge is sent in clear."
    ),
    "OIDC_USE_NONCE": Rule(number=37, library=True, safe=True, wrong="A token can be replayed: the nonce is off."),
    "OIDC_ALLOW_UNSECURED_JWT": Rule(number=38, library=False, safe=False, wrong="Unsigned tokens are accepted."),
    "OIDC_VERIFY_KID": Rule(number=39, library=True, safe=True, wrong="A token need not name its key."),
    "ALLOW_LOGOUT_GET_METHOD": Rule(number=41, library=False, safe=False, wrong="A link can sign people out."),
    "OIDC_REDIRECT_ALLOWED_HOSTS": Rule(number=42, library=[], safe=[], wrong="Log-in can lead people elsewhere."),
    "OIDC_STORE_ACCESS_TOKEN": Rule(number=43, library=False, safe=False, wrong="Sessions hold tokens in clear."),
    "OIDC_STORE_ID_TOKEN": Rule(number=43, library=False, safe=False, wrong="Sessions hold tokens in clear."),
}


def oidc_findings(settings: Any) -> Iterator[CheckMessage]:
    """Yield what is unsafe about log-in through the identity provider; little is asked where none is configured."""
    yield from library_findings(version("pyjwt"))
    config = settings.OMEGA
    secret = config.oidc_client_secret.get_secret_value() if config.oidc_client_secret else ""
    given = {"OIDC_ISSUER": config.oidc_issuer, "OIDC_CLIENT_ID": config.oidc_client_id, "OIDC_CLIENT_SECRET": secret}
    if any(given.values()):
        yield from _client(given)
        yield from _library_settings(settings)
    if config.break_glass:
        yield Info(
            "Superusers may sign in with a local password.", hint="BREAK_GLASS=false closes it.", id="omega.I045"
        )


def _client(given: dict[str, str | None]) -> Iterator[CheckMessage]:
    """Yield what is wrong with the variables of the installation."""
    for number, name in ((31, "OIDC_ISSUER"), (32, "OIDC_CLIENT_ID"), (32, "OIDC_CLIENT_SECRET")):
        if not given[name]:
            yield error(number, "The identity provider is configured by half.", f"{name} is not set.")
    issuer = urlsplit(given["OIDC_ISSUER"] or "https://none")
    if issuer.scheme != "https" or not issuer.hostname:
        yield error(30, "The identity provider is reached unencrypted.", "OIDC_ISSUER must begin with https://")


def _library_settings(settings: Any) -> Iterator[CheckMessage]:
    """Yield the settings of the library under which it lets in too much."""
    for name, rule in RULES.items():
        if getattr(settings, name, rule.library) != rule.safe:
            yield error(rule.number, rule.wrong, f"{name} must be {rule.safe}.")
    wait = getattr(settings, "OIDC_TIMEOUT", None)
    if not isinstance(wait, int | float) or not 0 < wait <= LONGEST_WAIT_SECONDS:
        yield error(
            40, "A slow provider holds up the portal.", f"OIDC_TIMEOUT: seconds, at most {LONGEST_WAIT_SECONDS}."
        )


def library_findings(installed: str) -> Iterator[CheckMessage]:
    """Yield an error where the library that reads tokens is older than its known holes."""
    found = tuple(int(part) for part in installed.split(".")[:2] if part.isdigit())
    if found < OLDEST_JWT:
        oldest = ".".join(str(part) for part in OLDEST_JWT)
        yield error(44, f"PyJWT {installed} has known holes.", f"Install PyJWT {oldest} or newer.")
