"""Rows that several people may edit at once: the second is told what the first did."""

from typing import TypeVar

from apps.accounts.models import Quota, RoleMapping, User
from apps.accounts.selectors.changes import changes_since
from apps.core.errors import Conflict, NotFound

Row = TypeVar("Row", User, Quota, RoleMapping)
KINDS = {User: "user", Quota: "quota", RoleMapping: "role_mapping"}


def locked(row: Row, version: int | None) -> Row:
    """Return the row as it is now, locked until the transaction ends.

    Raises Conflict `changed_meanwhile` when it is no longer the version that was read (None accepts any), and
    NotFound when it is gone.
    """
    kind = type(row)
    found = kind.objects.select_for_update(of=("self",)).filter(pk=row.pk).first()
    if found is None:
        raise NotFound("gone_meanwhile", "It was removed meanwhile.")
    if version is not None and found.version != version:
        what = changes_since(KINDS[kind], row.pk, found.version - version)
        raise Conflict(
            "changed_meanwhile",
            f"This was changed since you opened it. {what} What you typed is kept: look again, then save.",
        )
    return found
