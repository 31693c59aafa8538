"""The connection: PostgreSQL through psycopg 3, with the request context sent at the start of each transaction."""

import select
import time
from functools import cached_property
from typing import Any, cast
from weakref import WeakKeyDictionary

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper
from psycopg import Connection
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

from apps.core.context import NOBODY, RequestContext, current
from apps.core.timescale.prepare import prepare_database
from apps.core.timescale.schema import DatabaseSchemaEditor
from apps.core.timescale.tier import Tier, read_tier

# Not begun yet, or without an error: as far as the client knows, which asks nobody.
SOUND = (TransactionStatus.IDLE, TransactionStatus.INTRANS)
# Seconds after which a connection may have been forgotten on its way by somebody who told neither end.
LONGEST_SILENCE = 60.0
_handed_out: WeakKeyDictionary[Connection[Any], float] = WeakKeyDictionary()


def check_if_news(connection: Connection[Any]) -> None:
    """Ask the server whether a connection works, if there is something to read or it was handed out long ago or never.

    A server says nothing on an idle connection until it ends it, so that silence saves a busy connection's requests a
    round trip each. Only long silence may also mean that the network lost the connection, or the server its host.
    Raises psycopg.OperationalError if it does not work.
    """
    now = time.monotonic()
    is_fresh = now - _handed_out.get(connection, -LONGEST_SILENCE) < LONGEST_SILENCE
    news = select.poll()
    news.register(connection.fileno(), select.POLLIN)
    if not is_fresh or news.poll(0):
        ConnectionPool.check_connection(connection)
    _handed_out[connection] = now


class DatabaseWrapper(PostgresWrapper):
    """A connection that knows its tier and tells each outermost transaction who acts."""

    SchemaEditorClass = DatabaseSchemaEditor

    @property
    def pool(self) -> ConnectionPool | None:
        """Return the pool; it asks the server about a connection only after news or long silence."""
        found = cast("ConnectionPool | None", super().pool)
        if found is not None and found._check is ConnectionPool.check_connection:
            found._check = check_if_news
        return found

    @cached_property
    def tier(self) -> Tier:
        """Return what the server offers for time series; asked once per connection object."""
        with self.cursor() as cursor:
            return read_tier(cursor)

    def prepare_database(self) -> None:
        """Create the extension where the server has it, and the database roles."""
        super().prepare_database()
        prepare_database(self)
        self.__dict__.pop("tier", None)

    def _start_transaction_under_autocommit(self) -> None:
        """Begin an outermost atomic block, and tell it the context in the same round trip."""
        context = current()
        if context is NOBODY:
            self._set_autocommit(autocommit=False)  # type: ignore[attr-defined]
            return
        try:
            self._send(context, "BEGIN; SELECT ")
        except BaseException:
            self.close()
            raise

    def send_context(self, context: RequestContext) -> None:
        """Set the `omega.*` settings for the rest of the open transaction; one that is broken can no longer be told."""
        if self.connection is not None and self.connection.pgconn.transaction_status in SOUND:
            self._send(context, "SELECT ")

    def _send(self, context: RequestContext, start: str) -> None:
        """Set the settings in one statement."""
        settings = context.settings()
        calls = ", ".join(["set_config(%s, %s, true)"] * len(settings))
        params: list[Any] = [part for pair in settings.items() for part in pair]
        with self.cursor() as cursor:
            cursor.execute(f"{start}{calls}", params)
