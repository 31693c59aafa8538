"""Questions to the database, as whoever acts."""

from typing import Any

from django.db import ProgrammingError, connection, transaction


def rows(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Return what a statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def touched(statement: str, *values: object) -> int | str:
    """Return how many rows a statement touched, or `refused` when the database did not let it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.rowcount
    except ProgrammingError as error:
        words = str(error)
        assert "row-level security" in words or "permission denied" in words or "not for" in words, words
        return "refused"
