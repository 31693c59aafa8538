"""How an audit entry reads: its changes column by column, and its line in a CSV file. Pure."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.audit.models import AuditLog
from apps.core.cells import neutral

COLUMNS = (
    "timestamp",
    "user_email",
    "user_role",
    "action",
    "category",
    "resource_type",
    "resource_id",
    "resource_name",
    "description",
    "reason",
    "status",
    "error_message",
    "ip_address",
    "user_agent",
    "request_id",
    "details",
    "id",
    "user_id",
    "subject_id",
    "personal",
)
LONGEST_VALUE = 300
SIDES = ("before", "after")


@dataclass(frozen=True, slots=True)
class Change:
    """One column before and after; None where there was nothing."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry with what it changed and what else it says."""

    entry: AuditLog
    changes: list[Change]
    facts: list[tuple[str, str]]


def shown(entry: AuditLog) -> ShownEntry:
    """An entry split into changed columns and other details."""
    details = entry.details if isinstance(entry.details, dict) else {"details": entry.details}
    personal = entry.personal if isinstance(entry.personal, dict) else {}
    before, after = ({**_columns(details, side), **_columns(personal, side)} for side in SIDES)
    others = [*details.items(), *personal.items()]
    facts = [(name, text(value) or "") for name, value in others if name not in SIDES]
    return ShownEntry(entry, changes(before, after), facts)


def _columns(image: dict[str, Any], side: str) -> dict[str, Any]:
    """One side of an image; empty where there is none."""
    columns = image.get(side)
    return columns if isinstance(columns, dict) else {}


def changes(before: Any, after: Any) -> list[Change]:
    """The columns whose values differ, in the order of their names."""
    old = before if isinstance(before, dict) else {}
    new = after if isinstance(after, dict) else {}
    names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    return [Change(name, text(old.get(name)), text(new.get(name))) for name in names]


def text(value: Any) -> str | None:
    """A value as a person reads it, cut when it is very long."""
    if value is None or value == "":
        return None
    plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return plain if len(plain) <= LONGEST_VALUE else f"{plain[:LONGEST_VALUE]}…"


def csv_cells(entry: AuditLog) -> list[str]:
    """An entry as the cells of its line; JSON for what has parts, empty for nothing."""
    return [_cell(getattr(entry, name)) for name in COLUMNS]


def _cell(value: Any) -> str:
    """A value as a cell."""
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def json_line(entry: AuditLog) -> str:
    """An entry as a JSON object on one line; times in ISO format."""
    return json.dumps({name: getattr(entry, name) for name in COLUMNS}, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    """A value that JSON has no kind for."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def csv_line(cells: Sequence[str]) -> str:
    """One CSV line; a cell that a spreadsheet would run as a formula begins with an apostrophe."""
    line = io.StringIO()
    csv.writer(line).writerow([neutral(cell) for cell in cells])
    return line.getvalue()
