"""The connection: PostgreSQL through psycopg 3, with the request context sent at the start of each transaction."""

from functools import cached_property
from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper

from apps.core.context import NOBODY, RequestContext, current
from apps.core.timescale.prepare import prepare_database
from apps.core.timescale.schema import DatabaseSchemaEditor
from apps.core.timescale.tier import Tier, read_tier


class DatabaseWrapper(PostgresWrapper):
    """A connection that knows its tier and tells each outermost transaction who acts."""

    SchemaEditorClass = DatabaseSchemaEditor

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

    def set_autocommit(self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False) -> None:
        """Begin as Django does; at the start of an outermost atomic block send the context."""
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
        if autocommit or not force_begin_transaction_with_broken_autocommit or current() is NOBODY:
            return
        try:
            self.send_context(current())
        except BaseException:
            self.close()
            raise

    def send_context(self, context: RequestContext) -> None:
        """Set the `omega.*` settings for the rest of the open transaction, in one statement."""
        settings = context.settings()
        calls = ", ".join(["set_config(%s, %s, true)"] * len(settings))
        params: list[Any] = [part for pair in settings.items() for part in pair]
        with self.cursor() as cursor:
            cursor.execute(f"SELECT {calls}", params)
