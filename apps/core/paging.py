"""Keyset pages: a page is found by the last row of the one before, so page 200 costs what page 1 does."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from apps.core.errors import Invalid
from apps.core.text import is_storable


class BadCursor(Invalid):
    """The cursor in the address was not made by this portal, or for another order."""

    def __init__(self) -> None:
        """Name the parameter."""
        super().__init__(
            "bad_cursor", "This page address is no longer valid; start again from the first page.", field="after"
        )


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[Row]):
    """Rows of one page in their order, and the cursors of its neighbours (None at an end)."""

    rows: Sequence[Row]
    next_cursor: str | None
    previous_cursor: str | None


def encode_cursor(order: str, values: Sequence[Any], *, backwards: bool = False) -> str:
    """Pack an order name and the sort values of a row; values must be JSON scalars."""
    text = json.dumps([order, list(values), backwards], separators=(",", ":"), default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page starts: after these sort values, or before them when going backwards."""

    values: list[Any]
    backwards: bool


def decode_cursor(text: str, order: str, width: int) -> Cursor:
    """Unpack a cursor made for the same order with `width` values; raises BadCursor."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        content = json.loads(raw)
    except (ValueError, UnicodeError, binascii.Error, RecursionError):
        raise BadCursor from None
    match content:
        case [str(made_for), list(values), bool(backwards)] if made_for == order and len(values) == width:
            if all(_is_plain(value) for value in values):
                return Cursor(values, backwards)
    raise BadCursor


def _is_plain(value: object) -> bool:
    """Tell whether a value can be compared with a column: a scalar, and as text one that the database can hold."""
    if isinstance(value, str):
        return is_storable(value)
    return value is None or isinstance(value, int | float)


def aware_time(value: object) -> datetime:
    """Return the instant a cursor's value names; raises ValueError for a time of no zone too."""
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError(f"no zone: {at}")
    return at
