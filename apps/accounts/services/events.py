"""How what accounts do is recorded."""

from apps.accounts.models import User
from apps.audit.models import Category
from apps.audit.services import record


def record_about(action: str, user: User) -> None:
    """Record something an account did."""
    record(
        action=action, category=Category.AUTH, resource_type="user", resource_id=user.pk, resource_name=user.email,
        tenant_id=user.tenant_id,
    )  # fmt: skip
