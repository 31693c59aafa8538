"""Arrays to PostgreSQL's binary tuples, without a Python loop over rows. Pure.

A tuple is the number of its columns, then length and bytes of each, all big-endian; -1 is the length of NULL.
Every row of one call has the same width, so a whole table is one numpy record array.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from apps.reports.testdata.shapes import Floats

POSTGRES_EPOCH = 946_684_800
"""Epoch seconds of 2000-01-01, from where timestamptz counts its microseconds."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column in its wire form; `values` is one value for all rows, or an array; None is NULL."""

    name: str
    wire: str
    values: Any


def uuid_column(name: str, value: UUID) -> Column:
    """Return a column that holds the same UUID in every row."""
    return Column(name, "V16", np.void(value.bytes))


def time_column(name: str, seconds: Floats) -> Column:
    """Return timestamptz from epoch seconds."""
    return Column(name, ">i8", np.round((seconds - POSTGRES_EPOCH) * 1e6).astype(">i8"))


def real_column(name: str, values: Floats | None) -> Column:
    """Return `real`, rounded to what a sensor could tell."""
    return Column(name, ">f4", None if values is None else np.round(values, 3))


def cores_column(name: str, per_core: Floats) -> Column:
    """Return jsonb: percents with one digit after the point, padded to equal width by blanks."""
    text = _percents_as_text(per_core)
    return Column(name, f"V{text.shape[1]}", np.ascontiguousarray(text).view(f"V{text.shape[1]}")[:, 0])


def _percents_as_text(values: Floats) -> NDArray[np.uint8]:
    """Return one line of bytes a row: jsonb's version 1, then `[ 12.3,100.0,…]`."""
    rows, cores = values.shape
    tenths = np.round(values * 10).astype(np.int32)
    cells = np.empty((rows, cores, 6), dtype=np.uint8)
    blank, zero = ord(" "), ord("0")
    cells[..., 0] = np.where(tenths >= 1000, zero + tenths // 1000, blank)
    cells[..., 1] = np.where(tenths >= 100, zero + tenths // 100 % 10, blank)
    cells[..., 2] = zero + tenths // 10 % 10
    cells[..., 3] = ord(".")
    cells[..., 4] = zero + tenths % 10
    cells[..., 5] = ord(",")
    line = np.empty((rows, cores * 6 + 2), dtype=np.uint8)
    line[:, 0] = 1
    line[:, 1] = ord("[")
    line[:, 2:] = cells.reshape(rows, cores * 6)
    line[:, -1] = ord("]")
    return line


def as_tuples(columns: Sequence[Column], rows: int) -> bytes:
    """Return `rows` binary tuples of these columns."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for number, column in enumerate(columns):
        layout.append((f"length{number}", ">i4"))
        if column.values is not None:
            layout.append((f"value{number}", column.wire))
    records = np.zeros(rows, dtype=np.dtype(layout))
    records["fields"] = len(columns)
    for number, column in enumerate(columns):
        records[f"length{number}"] = -1 if column.values is None else np.dtype(column.wire).itemsize
        if column.values is not None:
            records[f"value{number}"] = column.values
    return records.tobytes()
