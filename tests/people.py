"""Makers of people who are not of the cast, and of what belongs to people."""

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.accounts.models import ApiToken, Invitation, QuotaRequest, User, WebSession
from tests import make


def somebody(number: int = 1, **columns: Any) -> User:
    """Return a person who is not of the cast."""
    role = columns.pop("role", "USER")
    return make.user(role, **{"email": f"somebody-{number}@example.test", "full_name": "Some Body", **columns})


def from_provider(number: int, **columns: Any) -> User:
    """Return a person of the identity provider."""
    identity = {"auth_provider": "keycloak", "issuer": "https://id.example.test", "keycloak_user_id": f"kc-{number}"}
    return somebody(number, **{**identity, "last_idp_role": "USER", **columns})


def web_session(user: User, number: int = 1) -> WebSession:
    """Return a web session of somebody."""
    ends = datetime.now(UTC) + timedelta(hours=1)
    return WebSession.objects.create(user=user, session_digest=f"{number:064}", expires_at=ends)


def api_token(user: User, **columns: Any) -> ApiToken:
    """Return a token of somebody, which nobody has the text of."""
    ends = datetime.now(UTC) + timedelta(days=1)
    usual = {"key_id": "aaaaaaaaaaaa", "name": "script", "digest": bytes(32), "scopes": ["read"], "expires_at": ends}
    return ApiToken.objects.create(user=user, **{**usual, **columns})


def invitation(**columns: Any) -> Invitation:
    """Return an open invitation, whose link nobody has."""
    ends = datetime.now(UTC) + timedelta(days=1)
    usual = {"email": "ivo@example.test", "key_id": "bbbbbbbbbbbb", "digest": bytes(32), "expires_at": ends}
    by = make.user("ADMIN").pk if "invited_by" not in columns else None
    return Invitation.objects.create(**{"tenant": make.default_tenant(), "invited_by": by, **usual, **columns})


def quota_request(user: User, **columns: Any) -> QuotaRequest:
    """Return an open request of somebody."""
    return QuotaRequest.objects.create(**{"user": user, "cpu_cores": 8.0, "reason": "a deadline", **columns})
