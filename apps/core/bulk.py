"""Bulk writing and reading by COPY, the fastest way in and out; beside `core.sql` the only opener of a cursor.

A table under row-level security does not take COPY: write time series and temporary tables only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connections
from psycopg import sql

from apps.core.sql import sql_text

NO_LISTS: Mapping[str, Sequence[str]] = {}
BLOCK = 1024 * 1024
HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
TRAILER = b"\xff\xff"


def copy_binary(table: str, columns: Sequence[str], tuples: Iterable[bytes], *, using: str = "default") -> int:
    """Copy ready-made binary tuples, in pieces of any size, in the caller's transaction; return how many rows."""
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(name) for name in columns)
    )
    with connections[using].cursor() as cursor:
        with cursor.copy(command) as stream:
            stream.write(HEADER)
            for piece in tuples:
                stream.write(piece)
            stream.write(TRAILER)
        return int(cursor.rowcount)


def copy_whole(module_file: str, name: str, params: dict[str, Any]) -> bytes:
    """Return all that the `COPY (…) TO STDOUT` of a statement file sends, for few large rows."""
    connection, text = connections["default"], sql_text(module_file, name)
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(text, params) as stream:
        return b"".join(stream)


def copy_out(
    module_file: str, name: str, params: dict[str, Any], *, lists: Mapping[str, Sequence[str]] = NO_LISTS
) -> Iterator[bytes]:
    """Yield what the `COPY (…) TO STDOUT` of a statement file sends, in blocks of whole rows: never all at once.

    `lists` fill its `{places}` for lists of columns. Runs in the caller's transaction, which is of no further use when
    the iterator is closed early.
    """
    columns = {place: sql.SQL(", ").join(map(sql.Identifier, named)) for place, named in lists.items()}
    text = sql.SQL(sql_text(module_file, name)).format(**columns)
    connection = connections["default"]
    # Django translates errors of statements and leaves out those of COPY.
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(text, params) as stream:
        block = bytearray()
        for row in stream:
            block += row
            if len(block) >= BLOCK:
                yield bytes(block)
                block.clear()
        if block:
            yield bytes(block)
