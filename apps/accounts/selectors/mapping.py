"""What the role mapping says."""

from apps.accounts.models import RoleMapping


def role_mappings() -> dict[str, str]:
    """Return the role that each known value of the roles claim gives."""
    return dict(RoleMapping.objects.values_list("claim_value", "role"))
