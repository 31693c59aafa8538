"""Reading and unpacking bodies: bounded in size, time and memory."""

import asyncio
import gzip
import random
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Invalid, PortalError, TooLarge
from apps.core.inflate import unpack
from apps.ingest.body import MOST_BYTES, Held, SenderGoneError, Share, declared_size, read_body

PACKERS = {"gzip": gzip.compress, "zstd": lambda body: bytes(cramjam.zstd.compress(body))}
encodings = st.sampled_from(sorted(PACKERS))
MEGABYTE = 1024 * 1024


@contextmanager
def refused(code: str) -> Iterator[None]:
    """Expect a refusal with this code."""
    with pytest.raises(PortalError) as caught:
        yield
    assert caught.value.code == code


@given(encodings, st.binary(max_size=5000))
def test_packed_body_comes_out_whole(encoding: str, body: bytes) -> None:
    assert unpack(PACKERS[encoding](body), encoding, 5000) == body


@given(encodings, st.integers(1, 3000), st.integers(0, 3000))
def test_limit_is_exact(encoding: str, size: int, limit: int) -> None:
    packed = PACKERS[encoding](b"x" * size)
    if size <= limit:
        assert len(unpack(packed, encoding, limit)) == size
    else:
        with refused("too_large"):
            unpack(packed, encoding, limit)


@given(encodings, st.binary(min_size=1, max_size=200), st.data())
def test_cut_body_is_refused(encoding: str, body: bytes, data: st.DataObject) -> None:
    packed = PACKERS[encoding](body)
    kept = data.draw(st.integers(1, len(packed) - 1))
    with refused("bad_encoding"):
        unpack(packed[:kept], encoding, 1000)


@given(encodings, st.binary(max_size=100))
def test_any_bytes_unpack_or_are_refused(encoding: str, body: bytes) -> None:
    with suppress(Invalid, TooLarge):
        assert len(unpack(body, encoding, 1000)) <= 1000


def test_members_of_gzip_are_put_together() -> None:
    assert unpack(gzip.compress(b"one") + gzip.compress(b"two"), "GZIP", 10) == b"onetwo"
    with refused("too_large"):
        unpack(gzip.compress(b"x" * 6) * 2, "gzip", 11)


@pytest.mark.parametrize("encoding", sorted(PACKERS))
def test_bomb_costs_no_more_memory_than_an_honest_body(encoding: str) -> None:
    bomb = PACKERS[encoding](b"\0" * (200 * MEGABYTE))
    tracemalloc.start()
    with refused("too_large"):
        unpack(bomb, encoding, MOST_BYTES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * MOST_BYTES


def test_bomb_of_many_members_stops_at_the_limit() -> None:
    member = gzip.compress(b"\0" * MEGABYTE)
    with refused("too_large"):
        unpack(member * 1000, "gzip", MOST_BYTES)


def test_only_a_few_members_are_looked_at() -> None:
    empty, began = gzip.compress(b""), time.monotonic()
    assert unpack(empty * 16, "gzip", 10) == b""
    for members in (17, 100_000):
        with refused("bad_encoding"):
            unpack(empty * members, "gzip", MOST_BYTES)
    assert time.monotonic() - began < 10


def test_a_stream_without_a_gzip_head_is_refused() -> None:
    with refused("bad_encoding"):
        unpack(zlib.compress(b"x"), "gzip", 10)


def test_unknown_packing_is_refused() -> None:
    with refused("unsupported_encoding"):
        unpack(b"", "br", 10)


async def pieces(*parts: bytes, then: float = 0.0) -> Any:
    """Return the receiving end of a request whose body comes in parts."""
    left = list(parts)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.sleep(then)
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or then > 0}

    return receive


async def test_body_in_parts_is_put_together() -> None:
    with Held().share() as share:
        assert await read_body({}, await pieces(b"a", b"b", b""), share) == b"ab"


async def test_slow_body_is_given_up() -> None:
    with refused("slow_body"), Held().share() as share:
        await read_body({}, await pieces(b"a", then=30), share, seconds=0.05)


async def test_sender_that_hangs_up_is_noticed() -> None:
    with pytest.raises(SenderGoneError), Held().share() as share:
        await read_body({}, await pieces(b"a", then=0.001), share)


async def test_body_above_the_limit_is_not_read_further() -> None:
    with refused("too_large"), Held().share() as share:
        await read_body({}, await pieces(*[b"x" * MEGABYTE] * 9), share)


async def test_requests_share_a_bounded_space_and_give_it_back() -> None:
    held = Held(most=10)
    with held.share() as first:
        await read_body({}, await pieces(b"123456"), first)
        with refused("busy"), held.share() as second:
            await read_body({}, await pieces(b"12345"), second)
        assert held.taken == 6
    assert held.taken == 0


async def test_unpacked_size_counts_too() -> None:
    share = Share(Held())
    packed = gzip.compress(b"x" * 1000)
    await read_body({b"content-encoding": b"gzip"}, await pieces(packed), share)
    assert share.size == len(packed) + 1000


async def test_large_body_is_unpacked_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    real = zlib.decompressobj

    def noted(bits: int) -> Any:
        used.append(threading.get_ident())
        return real(bits)

    monkeypatch.setattr(zlib, "decompressobj", noted)
    for size in (100, 100_000):
        plain = random.Random(size).randbytes(size)
        with Held().share() as share:
            packed = await pieces(gzip.compress(plain))
            assert await read_body({b"content-encoding": b"gzip"}, packed, share) == plain
    here = threading.get_ident()
    assert [thread == here for thread in used] == [True, False]


@pytest.mark.parametrize(
    ("length", "code"),
    [(b"8388609", "too_large"), (b"9" * 5000, "too_large"), (b"-1", "bad_length"), (b"1e3", "bad_length")],
)
def test_declared_size_is_judged(length: bytes, code: str) -> None:
    with refused(code):
        declared_size({b"content-length": length})


def test_declared_size_without_a_length_is_the_most() -> None:
    assert (declared_size({}), declared_size({b"content-length": b"8388608"})) == (MOST_BYTES, MOST_BYTES)
