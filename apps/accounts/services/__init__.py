"""What accounts can do; one module per subject."""

from apps.accounts.services.people import default_tenant, ensure_admin, update_profile
from apps.accounts.services.signing import break_glass, change_password, sign_in, sign_out
from apps.accounts.services.upkeep import forget_old_sign_ins
from apps.accounts.services.web_sessions import end_all_sessions, end_session

__all__ = [
    "break_glass",
    "change_password",
    "default_tenant",
    "end_all_sessions",
    "end_session",
    "ensure_admin",
    "forget_old_sign_ins",
    "sign_in",
    "sign_out",
    "update_profile",
]
