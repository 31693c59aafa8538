"""How long a sign-in must wait after failures, when a web session is over, and which role claims give. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.core.text import storable

FREE_FAILURES = {"account": 5, "address": 20}
LONGEST = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
# How long people stay signed in while the identity provider cannot be asked about them.
UNANSWERED_AT_MOST = timedelta(hours=1)
REVALIDATED_EVERY = timedelta(minutes=5)
# When a session is over for which nobody was asked at all: a while after whoever asks would have ended it.
UNVOUCHED_AT_MOST = REVALIDATED_EVERY + UNANSWERED_AT_MOST + timedelta(minutes=10)


def wait_after(kind: str, failures: int) -> timedelta:
    """Return the wait a new failure costs: none for the first few, then doubling from a second up to 15 minutes."""
    beyond = failures - FREE_FAILURES[kind]
    if beyond < 0:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(beyond, 20)), LONGEST)


def failures_counted(failures: int, last_failure_at: datetime, now: datetime) -> int:
    """Return how many failures still count: an hour of quiet forgets them."""
    return 0 if now - last_failure_at >= FORGOTTEN_AFTER else failures


def end_of_session(
    *,
    revoked_at: datetime | None,
    expires_at: datetime,
    last_seen_at: datetime,
    idle: timedelta,
    vouched_at: datetime | None,
    needs_vouching: bool,
    now: datetime,
) -> str:
    """Return why a web session is over: `ended`, `expired`, `idle` or `unvouched`; empty while it stands.

    A session that needs vouching is over when the identity provider did not answer for it for too long, also when
    nobody asked it.
    """
    if revoked_at is not None:
        return "ended"
    if now >= expires_at:
        return "expired"
    if now - last_seen_at >= idle:
        return "idle"
    is_vouched = not needs_vouching or (vouched_at is not None and now - vouched_at < UNVOUCHED_AT_MOST)
    return "" if is_vouched else "unvouched"


def leaves_at(*, unanswered_since: datetime | None, expires_at: datetime) -> datetime | None:
    """Return until when somebody stays whom the identity provider does not vouch for; None while it does."""
    return min(unanswered_since + UNANSWERED_AT_MOST, expires_at) if unanswered_since else None


# Of several roles the mightiest counts.
BY_MIGHT = ("ADMIN", "DEVOPS", "ANALYST", "USER", "READONLY")


@dataclass(frozen=True, slots=True)
class ClaimReason:
    """What one value of the roles claim gave: a role, or nothing since no mapping knows it."""

    value: str
    role: str | None


@dataclass(frozen=True, slots=True)
class RoleDecision:
    """The role that claims give, and why.

    `problem` is empty, `missing` or `malformed`: then the claim itself is at fault, not what stands in it.
    """

    role: str | None = None
    problem: str = ""
    reasons: tuple[ClaimReason, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """The values that no mapping knows."""
        return tuple(reason.value for reason in self.reasons if reason.role is None)


def role_from_claims(claims: Mapping[str, Any], mappings: Mapping[str, str], claim_name: str) -> RoleDecision:
    """Return the role that a token's claims give by the mappings (claim value to role).

    The claim is a list of texts, under its name or under a path with dots. Mappings to no known role give none. The
    values in the decision can be stored.
    """
    found = _claim(claims, claim_name)
    if found is None:
        return RoleDecision(problem="missing")
    if not isinstance(found, list) or not all(isinstance(value, str) for value in found):
        return RoleDecision(problem="malformed")
    values = dict.fromkeys(found)
    reasons = tuple(ClaimReason(storable(value), _known_role(mappings.get(value))) for value in values)
    given = {reason.role for reason in reasons}
    return RoleDecision(role=next((role for role in BY_MIGHT if role in given), None), reasons=reasons)


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return the claim of this name, else the one at the path it spells; None where there is neither."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _known_role(role: str | None) -> str | None:
    """Return a role that exists, else None."""
    return role if role in BY_MIGHT else None


def is_override_in_force(*, is_set: bool, until: datetime | None, now: datetime) -> bool:
    """Tell whether an override holds: one without an end holds until it is lifted."""
    return is_set and (until is None or now < until)
