"""The few reads that happen before anybody is known: who a session, an e-mail, an identity or a token belongs to.

Nothing else may be read without a context. Each returns the row, or None where there is none.
"""

from uuid import UUID

from apps.accounts.models import ApiToken, Invitation, User, WebSession


def user_by_id(user_id: UUID | str) -> User | None:
    """Return the person of a session."""
    return User.objects.filter(pk=user_id).first()


def user_by_email(email: str) -> User | None:
    """Return the person with this e-mail, whatever its case."""
    return User.objects.filter(email__iexact=email).first()


def user_by_identity(issuer: str, subject: str) -> User | None:
    """Return the person whom an identity provider knows under this subject."""
    return User.objects.filter(issuer=issuer, keycloak_user_id=subject).first()


def web_session_by_digest(digest: str) -> WebSession | None:
    """Return the web session of a cookie's SHA-256 (hex), whatever became of it."""
    return WebSession.objects.filter(session_digest=digest).first()


def token_by_key_id(key_id: str) -> ApiToken | None:
    """Return a personal token, whatever became of it; its digest is for the caller to compare."""
    return ApiToken.objects.filter(key_id=key_id).first()


def invitation_by_key_id(key_id: str) -> Invitation | None:
    """Return an invitation, whatever became of it; its digest is for the caller to compare."""
    return Invitation.objects.filter(key_id=key_id).first()
