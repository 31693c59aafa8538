"""How what accounts do is recorded."""

from typing import Any

from apps.accounts.models import User
from apps.audit.models import Category
from apps.audit.services import record
from apps.core import live


def record_about(action: str, user: User, category: Category = Category.AUTH, **entry: Any) -> None:
    """Record something an account did, or what was done to it."""
    record(
        action=action, category=category, resource_type="user", resource_id=user.pk, resource_name=user.email,
        tenant_id=user.tenant_id, **entry,
    )  # fmt: skip


def record_change(action: str, user: User, **entry: Any) -> None:
    """Record that somebody changed an account, and tell the pages about people."""
    record_about(action, user, Category.USER, **entry)
    live.publish("people")
