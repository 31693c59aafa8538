"""Refusals at the doors of the identity provider, on record."""

from datetime import datetime
from typing import Any

from apps.accounts.oidc_errors import GrantRefused, Identity, SignInRefused, TokenRefused
from apps.accounts.throttle import count_refusal
from apps.audit.models import Category, Status
from apps.audit.services import record_apart
from apps.core.errors import PortalError


def note_refusal(*, action: str, refusal: PortalError, address: str, now: datetime) -> None:
    """Record a refusal in its own transaction; raises Throttled, and records nothing, when an address has too many."""
    count_refusal(address, now)
    details: dict[str, Any] = {}
    if isinstance(refusal, TokenRefused):
        details["why"] = refusal.why
    elif isinstance(refusal, GrantRefused):
        details["why"] = refusal.error
    elif isinstance(refusal, SignInRefused) and refusal.values:
        details["unknown"] = list(refusal.values)
    who = _about(refusal.identity) if isinstance(refusal, SignInRefused) and refusal.identity else {}
    record_apart(
        action=action, category=Category.AUTH, status=Status.FAILURE, error_message=refusal.code, details=details, **who
    )


def _about(identity: Identity) -> dict[str, Any]:
    """Return what an entry says of who was refused; an account is named only where it is proven to be theirs."""
    personal = {"sub": identity.subject, **({"email": identity.email} if identity.email else {})}
    if identity.account_id is None:
        return {"personal": personal}
    return {
        "resource_type": "user", "resource_id": identity.account_id, "resource_name": identity.account_email,
        "subject_id": identity.account_id, "tenant_id": identity.tenant_id, "personal": personal,
    }  # fmt: skip
