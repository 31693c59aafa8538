"""Personal API tokens: made and shown once, revoked, and recognised when a program presents one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Final

from django.conf import settings
from django.db import transaction

from apps.accounts.lookups import token_with_person, user_by_id
from apps.accounts.models import ApiToken, AuthProvider, TokenScope, User
from apps.audit.models import Category, Status
from apps.audit.services import record, record_apart
from apps.core.address import Address, is_allowed
from apps.core.context import acting, as_system, because
from apps.core.errors import Conflict, Invalid, Unauthenticated
from apps.core.keys import PERSONAL_TOKEN, digests_match, new_key, parse

LONGEST_DAYS: Final = 365
MOST_LIVE: Final = 25
MOST_NETWORKS: Final = 20
NOT_ACCEPTED: Final = ("invalid_token", "The token is not accepted.")
USE_NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token: the text is shown once and kept nowhere."""

    text: str = field(repr=False)
    row: ApiToken


@transaction.atomic
def create_token(
    *, user: User, name: str, can_write: bool, days: int, allowed_ips: Sequence[str], now: datetime
) -> IssuedToken:
    """Make a token for one's own programs.

    Raises Invalid for an unreadable network (with its index) or an expiry beyond 365 days, Conflict when too many live.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid("bad_expiry", f"A token lives 1 to {LONGEST_DAYS} days.", field="days")
    networks = checked_networks(allowed_ips)
    User.objects.select_for_update().get(pk=user.pk)
    if ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=now).count() >= MOST_LIVE:
        raise Conflict("too_many_tokens", f"You have {MOST_LIVE} live tokens; revoke one first.")
    made = new_key(PERSONAL_TOKEN)
    row = ApiToken.objects.create(
        key_id=made.key_id, user=user, name=name, digest=made.digest, allowed_ips=networks, created_at=now,
        scopes=[TokenScope.READ, *([TokenScope.WRITE] if can_write else [])], expires_at=now + timedelta(days=days),
    )  # fmt: skip
    _record("API_TOKEN_CREATED", row)
    return IssuedToken(made.text, row)


@transaction.atomic
def revoke_token(*, token: ApiToken, reason: str, now: datetime) -> ApiToken:
    """End a token at once; raises Conflict when it ended before."""
    with because(reason):
        if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
            raise Conflict("already_revoked", "That token was revoked before.")
        token.refresh_from_db(fields=["revoked_at"])
        _record("API_TOKEN_REVOKED", token)
    return token


def checked_networks(entries: Sequence[str]) -> list[str]:
    """Return addresses and networks in their usual form, each once; raises Invalid naming the first bad entry."""
    found: list[str] = []
    for index, entry in enumerate(entries):
        try:
            found.append(str(ip_network(entry.strip(), strict=False)))
        except ValueError:
            detail = f"“{entry[:60]}” is no address or network, such as 192.0.2.7 or 2001:db8::/32."
            raise Invalid("bad_network", detail, field="allowed_ips", index=index) from None
    if len(found) > MOST_NETWORKS:
        raise Invalid("too_many_networks", f"At most {MOST_NETWORKS} addresses or networks.", field="allowed_ips")
    return list(dict.fromkeys(found))


class TokenRefused(Unauthenticated):
    """A real token that is not good any more; its owner can read in the audit log why, its bearer cannot tell."""

    def __init__(self, token: ApiToken, why: str) -> None:
        """Remember which token, and why."""
        super().__init__(*NOT_ACCEPTED)
        self.token, self.why = token, why


def token_presented(*, text: str, address: Address | None, now: datetime) -> ApiToken:
    """Return the live token with its open person; the use is noted at most once a minute.

    Raises Unauthenticated, one and the same for every bad token; TokenRefused where the secret was right, which is
    worth an entry in the audit log: `record_token_refusal`.
    """
    parsed = parse(text, PERSONAL_TOKEN)
    found = token_with_person(parsed.key_id) if parsed else None
    if found is None or parsed is None or not digests_match(bytes(found[0].digest), parsed.digest):
        raise Unauthenticated(*NOT_ACCEPTED)
    token, person = found
    if why := _why_over(token, address, now):
        raise TokenRefused(token, why)
    if person is None or not person.is_active:
        raise TokenRefused(token, "account_closed")
    if not _is_vouched_for(person, now):
        raise TokenRefused(token, "not_vouched")
    if token.last_used_at is None or now - token.last_used_at >= USE_NOTED_EVERY:
        with acting(as_system(email=person.email, user_id=str(person.pk))), transaction.atomic():
            used_from = str(address) if address else None
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_ip=used_from)
    token.user = person
    return token


def record_token_refusal(*, refusal: TokenRefused) -> None:
    """Write down, in a transaction of its own, that a token was presented which is not good any more."""
    owner = user_by_id(refusal.token.user_id)
    record_apart(
        action="API_TOKEN_REFUSED", category=Category.AUTH, resource_type="api_token",
        resource_id=refusal.token.key_id, resource_name=refusal.token.name, status=Status.FAILURE,
        error_message=refusal.why, details={"owner": str(refusal.token.user_id)},
        tenant_id=owner.tenant_id if owner else None,
    )  # fmt: skip


def _why_over(token: ApiToken, address: Address | None, now: datetime) -> str:
    """Say why a token opens nothing from there; empty while it does."""
    if token.revoked_at:
        return "revoked"
    if token.expires_at <= now:
        return "expired"
    return "" if is_allowed(address, token.allowed_ips) else "foreign_address"


def _is_vouched_for(person: User, now: datetime) -> bool:
    """Tell whether a person's provider said lately enough that they have a role here; local people need none."""
    if person.auth_provider != AuthProvider.KEYCLOAK:
        return True
    at_most = timedelta(days=settings.OMEGA.token_vouch_days)
    return person.vouched_at is not None and now - person.vouched_at < at_most


def _record(action: str, token: ApiToken) -> None:
    """Record what happened to a token."""
    details = {"scopes": [str(scope) for scope in token.scopes], "owner": str(token.user_id)}
    record(
        action=action, category=Category.USER, resource_type="api_token", resource_id=token.key_id,
        resource_name=token.name, details=details, personal={"allowed_ips": token.allowed_ips},
        subject_id=token.user_id, tenant_id=token.user.tenant_id,
    )  # fmt: skip
