"""The identity provider says that somebody signed out elsewhere."""

from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.accounts import lookups
from apps.accounts.models import SeenLogoutToken, WebSession
from apps.accounts.oidc_errors import TokenRefused
from apps.accounts.oidc_provider import provider
from apps.accounts.oidc_tokens import LogoutOrder, logout_order
from apps.accounts.services.web_sessions import close_sessions
from apps.audit.models import Category
from apps.audit.services import record
from apps.core.context import acting, as_system

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def obey_logout_token(*, token: str, now: datetime) -> int:
    """End the sessions that a logout token names; returns how many stood. Raises TokenRefused, ProviderUnavailable.

    A token with a session id ends that session, one with a subject alone all of the person's. Their other sessions
    are asked about anew at once, since the provider may name one of several only. Must run outside a transaction.
    """
    order = logout_order(provider(), token)
    with acting(as_system()), transaction.atomic():
        _count_once(order)
        named = _named_by(order)
        owners = list(named.values_list("user_id", flat=True).distinct())
        ended = close_sessions(sessions=named, reason="signed out at the identity provider", now=now)
        WebSession.objects.filter(user__in=owners, revoked_at=None, refresh_token__isnull=False).update(
            revalidated_at=LONG_AGO
        )
        record(
            action="BACKCHANNEL_LOGOUT", category=Category.AUTH, resource_type="user",
            resource_id=owners[0] if owners else "", details={"ended": ended},
        )  # fmt: skip
    return ended


def _count_once(order: LogoutOrder) -> None:
    """Refuse a token that was obeyed before."""
    try:
        with transaction.atomic():
            until = datetime.fromtimestamp(order.expires_at, UTC)
            SeenLogoutToken.objects.bulk_create([SeenLogoutToken(jti=order.jti, expires_at=until)])
    except IntegrityError:
        raise TokenRefused("replayed") from None


def _named_by(order: LogoutOrder) -> QuerySet[WebSession]:
    """Return the sessions that an order is about; sid and subject must both fit where both are given."""
    named = WebSession.objects.filter(oidc_issuer=provider().issuer)
    if order.sid:
        named = named.filter(oidc_sid=order.sid)
    if order.subject:
        person = lookups.user_by_identity(provider().issuer, order.subject)
        named = named.filter(user=person) if person else named.none()
    return named
