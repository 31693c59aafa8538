"""What accounts can do; one module per subject."""

from apps.accounts.services.people import default_tenant, ensure_admin, update_profile
from apps.accounts.services.signing import change_password, sign_in, sign_out
from apps.accounts.services.upkeep import forget_old_sign_ins

__all__ = [
    "change_password",
    "default_tenant",
    "ensure_admin",
    "forget_old_sign_ins",
    "sign_in",
    "sign_out",
    "update_profile",
]
