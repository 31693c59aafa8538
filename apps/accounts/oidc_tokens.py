"""Which tokens are believed: signed by the provider, made for this portal, now, and of the right kind."""

from dataclasses import dataclass
from typing import Any

import jwt
from django.conf import settings

from apps.accounts.oidc_errors import TokenRefused
from apps.accounts.oidc_provider import ALGORITHM, Provider
from apps.core.text import is_storable, storable

LEEWAY_SECONDS = 30
LONGEST_LOGOUT_SECONDS = 300
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TYPE = "logout+jwt"
LONGEST_NAME = 255


def id_token_claims(provider: Provider, token: object, *, nonce: str | None = None) -> dict[str, Any]:
    """Return the claims of an ID token; raises TokenRefused. At a sign-in the nonce must be the one we sent."""
    claims = _claims(provider, token, ("iss", "sub", "aud", "azp", "exp", "iat"))
    if claims["azp"] != settings.OMEGA.oidc_client_id:
        raise TokenRefused("azp of another client")
    if claims.get("typ", "ID") != "ID":
        raise TokenRefused("no ID token")
    if not claims["sub"] or not all(_is_name(claims.get(name, "")) for name in ("sub", "sid")):
        raise TokenRefused("sub or sid is no short text")
    if nonce is not None and claims.get("nonce") != nonce:
        raise TokenRefused("wrong nonce")
    return claims


@dataclass(frozen=True, slots=True)
class LogoutOrder:
    """What a logout token says: whose sessions end, or which; `jti` makes it count once, until `expires_at` (Unix)."""

    subject: str
    sid: str
    jti: str
    expires_at: float


def logout_order(provider: Provider, token: object) -> LogoutOrder:
    """Return what a logout token orders; raises TokenRefused (OpenID Connect Back-Channel Logout 1.0, 2.6)."""
    claims = _claims(provider, token, ("iss", "aud", "exp", "iat", "jti", "events"))
    if str(jwt.get_unverified_header(str(token)).get("typ", "")).lower() != LOGOUT_TYPE:
        raise TokenRefused("no logout token")
    if claims["exp"] - claims["iat"] > LONGEST_LOGOUT_SECONDS:
        raise TokenRefused("valid for too long")
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise TokenRefused("no logout event")
    if "nonce" in claims:
        raise TokenRefused("nonce present")
    subject, sid, jti = (claims.get(name, "") for name in ("sub", "sid", "jti"))
    if not all(map(_is_name, (subject, sid, jti))) or not jti:
        raise TokenRefused("sub, sid or jti is no short text")
    if not subject and not sid:
        raise TokenRefused("neither sub nor sid")
    return LogoutOrder(subject=subject, sid=sid, jti=jti, expires_at=claims["exp"] + LEEWAY_SECONDS)


def _claims(provider: Provider, token: object, required: tuple[str, ...]) -> dict[str, Any]:
    """Return the claims of a token whose signature, issuer, audience and times are right."""
    if not isinstance(token, str):
        raise TokenRefused("no token")
    key = provider.signing_key(token)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=settings.OMEGA.oidc_client_id,
            issuer=provider.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": list(required)},
        )
    except (jwt.InvalidTokenError, ValueError, TypeError, ArithmeticError) as error:
        raise TokenRefused(storable(f"{type(error).__name__}: {error}")[:200]) from None
    if not all(type(claims[name]) in (int, float) for name in ("exp", "iat")):
        raise TokenRefused("a time is no number")
    return claims


def _is_name(value: object) -> bool:
    """Tell whether a value can be kept as the name of something."""
    return isinstance(value, str) and len(value) <= LONGEST_NAME and is_storable(value)
