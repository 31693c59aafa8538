"""The ingest process's own connections, and its one way to use them: a transaction that may be run again.

Trouble becomes `Unavailable` (503), a value the database cannot hold `Unstorable` (422). The process starts, lives on
and recovers without the database.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

from psycopg import AsyncConnection, AsyncCursor, DataError, OperationalError, conninfo, errors
from psycopg import Error as DatabaseError
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from apps.core.sql import sql_text
from apps.ingest.errors import busy, kept_waiting, unavailable, unstorable

log = logging.getLogger(__name__)
Connection = AsyncConnection[DictRow]
Params = dict[str, Any]
Result = TypeVar("Result")

CONNECT_SECONDS: Final = 3
WAIT_SECONDS: Final = 2.0
STATEMENT_MILLISECONDS: Final = 5000
NO_LIMIT: Final = 0
WORK_SECONDS: Final = 12.0
MOST_WAITING: Final = 200
ATTEMPTS: Final = 3
DJANGO_OPTIONS: Final = ("pool", "assume_role", "isolation_level", "server_side_binding")
HELD_UP: Final = (errors.QueryCanceled, errors.LockNotAvailable)
LATER: Final = (PoolTimeout, PoolClosed, *HELD_UP)


def conninfo_of(database: dict[str, Any]) -> str:
    """Return the connection string for one of Django's database settings; its own options are left out."""
    options = {name: value for name, value in database["OPTIONS"].items() if name not in DJANGO_OPTIONS}
    place = {
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "host": database["HOST"],
        "port": database["PORT"],
    }
    given = {name: value for name, value in place.items() if value}
    return conninfo.make_conninfo("", **{**options, "connect_timeout": CONNECT_SECONDS, **given})


class Database:
    """A bounded pool of connections, one transaction per call of `run`."""

    def __init__(self, info: str, size: int) -> None:
        """Take where the database is and how many connections at most; opens nothing yet."""
        self._info = info
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            info,
            connection_class=AsyncConnection[DictRow],
            kwargs={"row_factory": dict_row, "autocommit": True, "application_name": "omega-ingest"},
            min_size=1,
            max_size=size,
            open=False,
            timeout=WAIT_SECONDS,
            max_waiting=MOST_WAITING,
            # Give up early: the next request starts a fresh attempt, instead of waiting out a long pause.
            reconnect_timeout=1.0,
            name="ingest",
        )

    def like(self, size: int) -> "Database":
        """Return other connections to the same database."""
        return Database(self._info, size)

    async def open(self) -> None:
        """Start connecting in the background, whether or not the database is there."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close(timeout=2.0)

    async def run(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Do `work` in a transaction and return after COMMIT; raises Unavailable or Unstorable.

        Work is run again after a lost connection or a deadlock, so it must be harmless to repeat.
        """
        return await self.lend(partial(_in_transaction, work))

    async def lend(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Do `work`, which begins and commits by itself, as `run` does; an open transaction is rolled back.

        Of what raises Unavailable, `KeptWaiting` tells that the database is there and somebody's locks were in the way.
        """
        try:
            async with asyncio.timeout(WORK_SECONDS):
                return await self._attempts(work)
        except TooManyRequests:
            raise busy() from None
        except HELD_UP as error:
            log.warning("the database holds up data: %s: %s", type(error).__name__, error)
            raise kept_waiting() from None
        except (OperationalError, OSError, TimeoutError) as error:
            log.warning("the database does not take data: %s: %s", type(error).__name__, error)
            raise unavailable() from None
        except DataError as error:
            log.error("the database refused a value: %s: %s", type(error).__name__, error)
            raise unstorable() from None
        except DatabaseError:
            # A missing table or right, or a read-only server: a deployment in progress, which the agents outwait.
            log.exception("the database refused a statement")
            raise unavailable() from None

    async def _attempts(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Run the transaction, again where the failure may not repeat."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._once(work)
            except TooManyRequests:
                raise
            except (OperationalError, errors.IntegrityError) as error:
                if isinstance(error, LATER):
                    raise
                log.info("a transaction is run again: %s", error)
                # One lost connection is seldom alone: what a restart of the server broke is replaced now.
                await self._pool.check()
        return await self._once(work)

    async def _once(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Run the transaction on a connection that is given back clean."""
        async with self._pool.connection() as connection:
            try:
                return await work(connection)
            finally:
                if connection.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
                    await connection.rollback()


async def _in_transaction(work: Callable[[Connection], Awaitable[Result]], connection: Connection) -> Result:
    """Run a transaction; statements are sent without waiting for each other's answers."""
    async with connection.pipeline(), connection.transaction():
        await set_limits(connection)
        return await work(connection)


async def set_limits(connection: Connection, lock_milliseconds: int = NO_LIMIT) -> None:
    """Bound for this transaction how long a statement may take, and how much of that each wait for a lock."""
    limits = {"timeout": str(STATEMENT_MILLISECONDS), "lock_timeout": str(lock_milliseconds)}
    await execute(connection, "begin.sql", limits)


async def execute(connection: Connection, name: str, params: Params) -> None:
    """Send a statement file; its failure shows at the latest with the commit."""
    await connection.execute(sql_text(__file__, name), params)


async def send(connection: Connection, name: str, params: Params) -> AsyncCursor[DictRow]:
    """Send a statement file; within a pipeline its rows are to be had once that has ended."""
    return await connection.execute(sql_text(__file__, name), params)


async def stored_count(sent: AsyncCursor[DictRow]) -> int:
    """Return what the one row of a statement says in `stored`: how many rows it added."""
    row = await sent.fetchone()
    return int(row["stored"]) if row else 0


async def copy_in(connection: Connection, name: str, rows: bytes) -> None:
    """Run a COPY statement file with rows packed in its format."""
    async with connection.cursor().copy(sql_text(__file__, name)) as copy:
        await copy.write(rows)


async def fetch_all(connection: Connection, name: str, params: Params) -> list[DictRow]:
    """Run a statement file and return its rows."""
    found = await connection.execute(sql_text(__file__, name), params)
    return await found.fetchall()


async def fetch_one(connection: Connection, name: str, params: Params) -> DictRow | None:
    """Run a statement file and return its first row, if any."""
    found = await connection.execute(sql_text(__file__, name), params)
    return await found.fetchone()
