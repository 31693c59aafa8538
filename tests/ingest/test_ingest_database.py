"""What the ingest door makes of the database's refusals."""

from collections.abc import AsyncIterator

import pytest

from apps.core.errors import PortalError
from apps.ingest.database import Connection, Database
from tests import database

STATEMENTS = {
    "a value out of range": ("SELECT 40000::smallint", 422, "unstorable"),
    "a division by zero": ("SELECT 1 / (SELECT 0)", 422, "unstorable"),
    "a missing table": ("SELECT * FROM not_there_yet", 503, "unavailable"),
}


@pytest.fixture
async def door(committed: None) -> AsyncIterator[Database]:
    """Return the door's own way to this run's database."""
    opened = Database(database.url(), 1)
    await opened.open()
    yield opened
    await opened.close()


@pytest.mark.parametrize("case", STATEMENTS)
@pytest.mark.parametrize("is_read", [False, True], ids=["seen at the commit", "seen at a later answer"])
async def test_only_data_the_database_can_never_take_is_the_senders_fault(
    door: Database, case: str, is_read: bool
) -> None:
    statement, status, code = STATEMENTS[case]

    async def work(connection: Connection) -> None:
        await connection.execute(statement)
        if is_read:
            await (await connection.execute("SELECT 1")).fetchall()

    with pytest.raises(PortalError) as refusal:
        await door.run(work)
    assert (refusal.value.status, refusal.value.code) == (status, code)


async def test_value_the_driver_cannot_send_is_the_senders_fault(door: Database) -> None:
    async def work(connection: Connection) -> None:
        await connection.execute("SELECT %s::text", ["\0"])

    with pytest.raises(PortalError) as refusal:
        await door.run(work)
    assert (refusal.value.status, refusal.value.code) == (422, "unstorable")
