"""Claims as a person pastes them into the trial of the role mapping: a token's content, or the roles alone. Pure."""

from typing import Any, Final

from apps.core.errors import Invalid
from apps.core.strict_json import parse

MOST_CHARACTERS: Final = 20_000
MOST_ROLES: Final = 200


def read_claims(text: str, claim_name: str) -> dict[str, Any]:
    """Return pasted claims as a token would hold them.

    An object of JSON counts as it is; a list, or words divided by commas or lines, count as the content of the roles
    claim. Raises Invalid for what is too long, nested too deep, or no JSON although it begins like it.
    """
    if len(text) > MOST_CHARACTERS:
        raise Invalid("too_long", f"At most {MOST_CHARACTERS:,} characters.", field="claims")
    text = text.strip()
    if not text.startswith(("{", "[")):
        roles = [word.strip() for line in text.splitlines() for word in line.split(",") if word.strip()]
        return {claim_name: _bounded(roles)}
    try:
        found = parse(text.encode("utf8", "surrogatepass"))
    except Invalid as fault:
        raise Invalid(fault.code, fault.detail, field="claims") from None
    return found if isinstance(found, dict) else {claim_name: _bounded(found)}


def _bounded(roles: list[Any]) -> list[Any]:
    """Refuse a list nobody's token holds."""
    if len(roles) > MOST_ROLES:
        raise Invalid("too_many_roles", f"At most {MOST_ROLES} roles.", field="claims")
    return roles
