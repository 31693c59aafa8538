"""Signing in through the identity provider: `mozilla_django_oidc` with every check it leaves out.

The verified ID token is all that is believed; nothing is asked at the userinfo endpoint, so no other person's data can
come from there. Accounts belong to (issuer, subject), never to an e-mail.
"""

from typing import Any, NoReturn
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from apps.accounts import lookups
from apps.accounts.models import User, WebSession
from apps.accounts.oidc_errors import ProviderUnavailable, SignInRefused, TokenRefused
from apps.accounts.oidc_provider import provider
from apps.accounts.oidc_tokens import id_token_claims
from apps.accounts.services.admitting import admit
from apps.accounts.services.web_sessions import Proof
from apps.core.secrets import Undecipherable

PROOF = "oidc_proof"


class OidcBackend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """Opens the account of whoever the provider vouches for, while both are open."""

    def __init__(self) -> None:
        """Ask nothing: this is made for every request of a session, also while the provider is away."""

    def authenticate(self, request: HttpRequest | None, *, nonce: str, code_verifier: str) -> User | None:
        """Return the person of an authorization code; raises one of `oidc_errors`.

        What is to be kept with the web session is left on the request, see `proof_of`.
        """
        if request is None:
            return None
        grant = {
            "grant_type": "authorization_code",
            "code": request.GET.get("code", ""),
            "code_verifier": code_verifier,
            "redirect_uri": request.build_absolute_uri(reverse(settings.OIDC_AUTHENTICATION_CALLBACK_URL)),
        }
        tokens = provider().tokens_for(grant)
        claims = self.verify_token(tokens.get("id_token"), nonce=nonce)
        proof = proof_from(tokens, claims)
        user = admit(claims=claims, now=timezone.now())
        setattr(request, PROOF, proof)
        return user

    def verify_token(self, token: object, **kwargs: Any) -> dict[str, Any]:
        """Return the claims of the ID token of a sign-in; raises TokenRefused."""
        nonce = kwargs.get("nonce")
        if not nonce:
            raise TokenRefused("no nonce was sent")
        return id_token_claims(provider(), token, nonce=nonce)

    def get_user(self, user_id: UUID | str) -> User | None:
        """Return the person of a session while their account is open."""
        try:
            user = lookups.user_by_id(user_id)
        except ValidationError:
            return None
        return user if user is not None and user.is_active else None

    def _not_used(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse the stock way, which believes more than it should."""
        raise NotImplementedError("accounts come from `admit` alone")

    get_userinfo = get_or_create_user = filter_users_by_claims = create_user = update_user = _not_used
    get_payload_data = retrieve_matching_jwk = get_token = _verify_jws = _not_used


def proof_from(tokens: dict[str, Any], claims: dict[str, Any]) -> Proof:
    """Return what is kept of a token answer; raises SignInRefused where nothing could be asked about later."""
    refresh = tokens.get("refresh_token")
    if not isinstance(refresh, str) or not refresh:
        raise SignInRefused(
            "refresh_token_missing",
            "The sign-in service gives no refresh token, without which it could not be asked whether you may stay. In "
            f"Keycloak, turn “Use refresh tokens” on for the client “{settings.OMEGA.oidc_client_id}”.",
        )
    return Proof(issuer=claims["iss"], sid=claims.get("sid", ""), id_token=tokens["id_token"], refresh_token=refresh)


def proof_of(request: HttpRequest) -> Proof:
    """Return what the backend left on a request that it just authenticated."""
    found: Proof = getattr(request, PROOF)
    return found


def sign_out_address(request: HttpRequest, session: WebSession) -> str | None:
    """Return where a person signs out at the provider too; None when it has no such place, or does not answer."""
    try:
        id_token = session.id_token
        endpoint = provider().endpoint("end_session_endpoint") if id_token else ""
    except (ProviderUnavailable, Undecipherable):
        return None
    if not endpoint:
        return None
    back = request.build_absolute_uri(reverse(settings.LOGIN_URL))
    query = {"id_token_hint": id_token, "post_logout_redirect_uri": back, "client_id": settings.OMEGA.oidc_client_id}
    return f"{endpoint}?{urlencode(query)}"
