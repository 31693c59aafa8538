"""A stream keeps a few blocks ahead, tells of trouble, and ends its statement when nobody listens any more."""

import gc
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from apps.api.streams import AHEAD, Turn, in_thread
from apps.core.errors import Throttled
from tests.processes import wait_for

LOCK = 20_111


async def test_blocks_come_in_their_order() -> None:
    blocks = [bytes([n]) for n in range(50)]

    assert [block async for block in in_thread(each for each in blocks)] == blocks


async def test_only_a_few_blocks_are_made_ahead_of_who_takes_them() -> None:
    made = []

    def blocks() -> Iterator[bytes]:
        for n in range(1000):
            made.append(n)
            yield b"x"

    stream = in_thread(blocks())
    async for _ in stream:
        break
    await sync_to_async(wait_for)(lambda: len(made) > 1)
    assert len(made) <= AHEAD + 3
    await stream.aclose()  # type: ignore[attr-defined]


async def test_trouble_in_the_thread_is_told() -> None:
    def blocks() -> Iterator[bytes]:
        yield b"x"
        raise OSError("the disk is gone")

    stream = in_thread(blocks())

    assert await anext(stream) == b"x"
    with pytest.raises(OSError, match="gone"):
        await anext(stream)


async def test_one_person_has_one_stream_at_a_time_and_holds_up_nobody_else() -> None:
    def blocks() -> Iterator[bytes]:
        yield from (b"x" for _ in range(100))

    slow = in_thread(blocks(), Turn("ana"))
    assert await anext(slow) == b"x"
    with pytest.raises(Throttled, match="wait until it is whole, or stop it") as refusal:
        Turn("ana")
    assert refusal.value.status == 429 and refusal.value.retry_after > 0
    with pytest.raises(Throttled):
        Turn("ana")
    assert len([block async for block in in_thread(blocks(), Turn("ben"))]) == 100

    await slow.aclose()  # type: ignore[attr-defined]
    assert len([block async for block in in_thread(blocks(), Turn("ana"))]) == 100
    Turn("ana").end()


async def test_stream_that_never_began_is_no_longer_taken() -> None:
    stream = in_thread(iter(()), Turn("cleo"))
    await stream.aclose()  # type: ignore[attr-defined]
    del stream
    gc.collect()

    Turn("cleo").end()


@pytest.mark.usefixtures("committed")
async def test_statement_ends_when_the_taker_goes_away() -> None:
    def blocks() -> Iterator[bytes]:
        with transaction.atomic(), connection.cursor() as cursor:
            yield b"head"
            cursor.execute("SELECT pg_advisory_xact_lock(%s), pg_sleep(300)", [LOCK])
            yield b"never"

    def running() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", [LOCK])
            return int(cursor.fetchone()[0])

    stream = in_thread(blocks())
    async for block in stream:
        assert block == b"head"
        await sync_to_async(wait_for)(lambda: running() == 1)
        break
    await stream.aclose()  # type: ignore[attr-defined]

    await sync_to_async(wait_for)(lambda: running() == 0)
