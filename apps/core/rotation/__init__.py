"""Moving kept secrets to the key in use, in batches, beside whoever writes at the same time.

A batch is one statement that replaces a value only where it still is what was read, so nobody's newer value is lost;
a run that is cut off goes on where it stopped when started again, since what is done is no longer old.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.db import transaction

from apps.core.secrets import EncryptedTextField, Undecipherable, decrypt, encrypt
from apps.core.sql import execute, fetch_all

BATCH: Final = 500
MOST_PASSES: Final = 5


@dataclass(slots=True)
class Outcome:
    """What became of one column: how many values moved, which rows cannot be read and why."""

    place: str
    kept: int = 0
    old: int = 0
    moved: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    left: int = 0


def encrypted_columns() -> list[EncryptedTextField]:
    """Return every encrypted column of every model that has a table of its own, in a fixed order."""
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    managed = [model for model in models if model._meta.managed]
    fields = [field for model in managed for field in model._meta.local_fields]
    return sorted((field for field in fields if isinstance(field, EncryptedTextField)), key=lambda field: field.place)


def survey(column: EncryptedTextField, *, using: str) -> Outcome:
    """Count what a column keeps and how much of it was written with another key than the one in use."""
    (counted,) = fetch_all(
        __file__, "count_old.sql", {"in_use": settings.FIELD_KEY_IN_USE}, using=using, names=_names(column)
    )
    return Outcome(column.place, kept=counted["kept"], old=counted["old"])


def rotate(column: EncryptedTextField, *, using: str, progress: Callable[[int], object]) -> Outcome:
    """Write every old value of a column again with the key in use; `progress` hears of every batch.

    Values that cannot be read stay as they are and are named. Values changed meanwhile are looked at again.
    """
    found = survey(column, using=using)
    for _ in range(MOST_PASSES):
        for rows in _batches(column, using=using, everything=False):
            found.moved += _move(column, rows, found, using=using)
            progress(len(rows))
        found.left = survey(column, using=using).old - len(found.unreadable)
        if found.left <= 0:
            break
    found.left = max(found.left, 0)
    return found


def verify(column: EncryptedTextField, *, using: str, progress: Callable[[int], object]) -> Outcome:
    """Read every value of a column, whatever its key, and write nothing."""
    found = survey(column, using=using)
    for rows in _batches(column, using=using, everything=True):
        for row in rows:
            _opened(column, row, found)
        progress(len(rows))
    return found


def _batches(column: EncryptedTextField, *, using: str, everything: bool) -> Iterator[list[dict[str, Any]]]:
    """Yield rows {key, kept} in the order of their keys, old ones or all, each row once."""
    asked = {"in_use": settings.FIELD_KEY_IN_USE, "everything": everything, "most": BATCH}
    after: Any = None
    while True:
        place = {**asked, "is_first": after is None, "after": after}
        rows = fetch_all(__file__, "next_old.sql", place, using=using, names=_names(column))
        if not rows:
            return
        yield rows
        after = rows[-1]["key"]


def _move(column: EncryptedTextField, rows: list[dict[str, Any]], found: Outcome, *, using: str) -> int:
    """Replace the readable values of a batch in one statement; returns how many were still as read."""
    texts = [(row, _opened(column, row, found)) for row in rows]
    readable = [(row, encrypt(text, column.place)) for row, text in texts if text is not None]
    if not readable:
        return 0
    params = {
        "keys": [row["key"] for row, _ in readable],
        "names": [str(row["key"]) for row, _ in readable],
        "old": [bytes(row["kept"]) for row, _ in readable],
        "new": [new for _, new in readable],
    }
    with transaction.atomic(using=using):
        return execute(__file__, "replace_kept.sql", params, using=using, names=_names(column))


def _opened(column: EncryptedTextField, row: dict[str, Any], found: Outcome) -> str | None:
    """Return the text of a row's value; None after noting why it cannot be read."""
    try:
        return decrypt(bytes(row["kept"]), column.place)
    except Undecipherable as error:
        found.unreadable[str(row["key"])] = str(error)
        return None


def _names(column: EncryptedTextField) -> dict[str, str]:
    """Return the identifiers of a column's statements."""
    meta = column.model._meta
    return {"table": meta.db_table, "column": str(column.column), "key": str(meta.pk.column)}
