"""SQL kept as SQL: statements live in `.sql` files beside the code that runs them.

Only this module, its siblings `bulk` and `health`, and the database backend open a cursor.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connections, migrations
from psycopg import sql

NO_NAMES: Mapping[str, str] = {}


@cache
def sql_text(module_file: str, name: str) -> str:
    """Return the text of `sql/<name>` beside the module whose `__file__` is given, or one folder up."""
    here = Path(module_file).parent
    folder = here if (here / "sql").is_dir() else here.parent
    return (folder / "sql" / name).read_text(encoding="utf8")


def fetch_all(
    module_file: str, name: str, params: dict[str, Any], *, using: str = "default", names: Mapping[str, str] = NO_NAMES
) -> list[dict[str, Any]]:
    """Run a statement file and return its rows as dictionaries; `names` fill its `{places}` for tables and columns."""
    with connections[using].cursor() as cursor:
        cursor.execute(_statement(module_file, name, names), params)
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def fetch_columns(module_file: str, name: str, params: dict[str, Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a statement file and return the names of its columns, of which some may be the same, and its rows."""
    with connections["default"].cursor() as cursor:
        cursor.execute(sql_text(module_file, name), params)
        return [column.name for column in cursor.description or ()], cursor.fetchall()


def execute(
    module_file: str, name: str, params: dict[str, Any], *, using: str = "default", names: Mapping[str, str] = NO_NAMES
) -> int:
    """Run a statement file that returns no rows and return how many rows it touched."""
    with connections[using].cursor() as cursor:
        cursor.execute(_statement(module_file, name, names), params)
        return int(cursor.rowcount)


def _statement(module_file: str, name: str, names: Mapping[str, str]) -> Any:
    """Return a statement with its identifiers, quoted, in place."""
    text = sql_text(module_file, name)
    if not names:
        return text
    return sql.SQL(text).format(**{place: sql.Identifier(named) for place, named in names.items()})


def run_sql_file(module_file: str, name: str) -> migrations.RunSQL:
    """Return the migration operation for `sql/<name>.sql` and its `sql/<name>.down.sql`."""
    return migrations.RunSQL(sql_text(module_file, f"{name}.sql"), sql_text(module_file, f"{name}.down.sql"))
