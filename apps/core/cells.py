"""Cells of tables that people open in a spreadsheet. Pure."""

from typing import Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula: a dangerous one gets an apostrophe before it.

    A plain number keeps its sign.
    """
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) and not _is_number(cell) else cell


def original(cell: str) -> str:
    """Return what `neutral` was given, for a table that comes back."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def _is_number(cell: str) -> bool:
    """Tell whether a cell is a number as we write them."""
    return cell[:1] in "+-" and cell[1:].replace(".", "", 1).isdecimal()
