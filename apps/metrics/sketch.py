"""Percentile sketches: a bucket's values in a few sorted points that can be merged. Pure; the database makes the same.

One sketch is [level: 1 byte][k: 2 bytes][k points: float4], big-endian, points ascending; every point stands for
2^level samples. Several written one after another are a sketch of all their samples, so that readers may concatenate.

Up to `capacity` values are kept as they are: quantiles are then those of `percentile_cont`. So hours of samples once a
minute lose nothing. Of more, the middle value of each of k equal blocks stays, where capacity/2 < k <= capacity: the
rank of a quantile is then off by at most 1/(2k) of the samples (plus one sample for rounding), which is 1 % for any
number of hours and 0.4 % for days, and no more when several are merged. Blocks of even length have two middles; `phase`
(the number of the bucket) says which, so that errors of neighbouring buckets point in opposite directions.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

HOUR_POINTS: Final = 100
DAY_POINTS: Final = 256
HEADER: Final = 3
MOST_LEVEL: Final = 40
LARGEST: Final = float(np.finfo(np.float32).max)
SMALLEST: Final = float(np.finfo(np.float32).smallest_normal)
MOST_ELEMENTS: Final = 4_000_000
FEW_PLACES: Final = 4
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def sketch(values: ArrayLike, capacity: int = HOUR_POINTS, phase: int = 0) -> bytes:
    """Return the sketch of values, b"" of none.

    NaN counts as no value; what four bytes cannot hold becomes the nearest that they can.
    """
    given = np.asarray(values, np.float64).ravel()
    given = np.clip(given[~np.isnan(given)], -LARGEST, LARGEST)
    ordered = np.sort(np.where(np.abs(given) < SMALLEST, 0.0, given).astype(np.float32))
    count, level = ordered.size, 0
    points = count
    while points > capacity:
        level += 1
        points = (2 * count + 2**level) // 2 ** (level + 1)
    if not count:
        return b""
    kept = ordered[((2 * np.arange(points) + 1) * count - phase % 2) // (2 * points)]
    return bytes([level]) + points.to_bytes(2, "big") + kept.astype(">f4").tobytes()


def merge(sketches: bytes, capacity: int = DAY_POINTS, phase: int = 0) -> bytes:
    """Return one sketch of what several concatenated ones hold."""
    values, weights = values_and_weights(sketches)
    return sketch(np.repeat(values, weights), capacity, phase)


def count(sketches: bytes) -> int:
    """Return of about how many samples concatenated sketches are; exact when all hold their values unthinned."""
    return int(values_and_weights(sketches)[1].sum())


def size_at(sketches: bytes | memoryview, start: int) -> int:
    """Return how many bytes the sketch that begins at `start` takes."""
    return HEADER + 4 * (sketches[start + 1] * 256 + sketches[start + 2])


def values_and_weights(sketches: bytes) -> tuple[Floats, Ints]:
    """Return the points of concatenated sketches, sketch by sketch, and how many samples each stands for."""
    _, starts, points, levels = _headers([sketches])
    buffer = np.frombuffer(sketches, np.uint8)
    return _gather(buffer, starts, points), np.repeat(2**levels, points)


def quantile(sketches: bytes, fraction: float) -> float:
    """Return the value below which a fraction (0 to 1) of the samples lie; NaN when there are none."""
    return float(quantiles_by_subject([sketches], [fraction])[0, 0])


def quantiles_by_subject(sketches: Sequence[bytes], fractions: Sequence[float]) -> NDArray[np.float64]:
    """Return quantiles, one row per subject and one column per fraction, of each subject's concatenated sketches.

    A subject without samples has NaN. Raises ValueError for bytes that are no sketches.
    """
    found = np.full((len(sketches), len(fractions)), np.nan)
    wanted = np.asarray(fractions, np.float64)
    for first, last in _portions(sketches):
        found[first:last] = _uniform(sketches[first:last], wanted, _mixed)
    return found


def _portions(sketches: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield spans of subjects whose points fit into memory together."""
    longest = max(map(len, sketches), default=0)
    step = max(1, MOST_ELEMENTS // max(longest // 4, 1))
    for first in range(0, len(sketches), step):
        yield first, min(first + step, len(sketches))


def _uniform(sketches: Sequence[bytes], fractions: NDArray[np.float64], otherwise: Any) -> NDArray[np.float64]:
    """Answer subjects whose sketches all have the same shape by one view of their bytes; leave the rest to another."""
    head, length = bytes(sketches[0][:HEADER]), len(sketches[0])
    size = HEADER + 4 * int.from_bytes(head[1:], "big")
    is_plain = size > HEADER and head[0] <= MOST_LEVEL
    if not length or not is_plain or length % size or any(len(each) != length for each in sketches):
        return np.asarray(otherwise(sketches, fractions))
    table = np.frombuffer(b"".join(sketches), np.uint8).reshape(-1, size)
    if not (table[:, :HEADER] == np.frombuffer(head, np.uint8)).all():
        return np.asarray(otherwise(sketches, fractions))
    points = np.ascontiguousarray(table[:, HEADER:]).view(">f4").astype(np.float32).reshape(len(sketches), -1)
    units = np.full(len(sketches), 2 ** head[0])
    return _pick(points, np.full(len(sketches), points.shape[1]), units, fractions)


def _mixed(sketches: Sequence[bytes], fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Answer subjects of any shape: points are repeated by their weight over the least weight of the subject."""
    subjects, starts, points, levels = _headers(sketches)
    least = np.full(len(sketches), MOST_LEVEL)
    np.minimum.at(least, subjects, levels)
    repeats = 2 ** (levels - least[subjects])
    sizes = np.bincount(subjects, points * repeats, len(sketches)).astype(np.int64)
    found = np.full((len(sketches), fractions.size), np.nan)
    values = _gather(np.frombuffer(b"".join(sketches), np.uint8), starts, points)
    owners, weights = np.repeat(subjects, points), np.repeat(repeats, points)
    order = np.argsort(owners, kind="stable")
    values, weights, bounds = values[order], weights[order], np.searchsorted(owners[order], range(len(sketches) + 1))
    step = max(1, MOST_ELEMENTS // max(int(sizes.max(initial=1)), 1))
    for first in range(0, len(sketches), step):
        rows = slice(first, min(first + step, len(sketches)))
        inside = slice(bounds[rows.start], bounds[rows.stop])
        table = np.full((rows.stop - rows.start, max(int(sizes[rows].max()), 1)), np.inf, np.float32)
        table[np.arange(table.shape[1]) < sizes[rows, None]] = np.repeat(values[inside], weights[inside])
        found[rows] = _pick(table, sizes[rows], 2 ** least[rows], fractions)
    return found


def _pick(table: Floats, sizes: Ints, units: Ints, fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return quantiles of rows of points, of which the first `sizes` count and each stands for `units` samples."""
    place = fractions[None, :] * (sizes * units - 1)[:, None]
    below = np.floor(place).astype(np.int64)
    rows = np.arange(len(table))[:, None]
    last = np.maximum(sizes - 1, 0)[:, None]
    lows, highs = np.clip(below // units[:, None], 0, last), np.clip((below + 1) // units[:, None], 0, last)
    # Rows of one size, which are usual, need the same few places in order and no others.
    wanted = np.unique([lows, highs])
    if wanted.size <= FEW_PLACES:
        table.partition(wanted, axis=1)
    else:
        table.sort(axis=1)
    low, high = table[rows, lows].astype(np.float64), table[rows, highs].astype(np.float64)
    with np.errstate(invalid="ignore"):
        between = np.where(low == high, low, low + (high - low) * (place - below))
    return np.where(sizes[:, None] > 0, between, np.nan)


def _headers(sketches: Sequence[bytes]) -> tuple[Ints, Ints, Ints, Ints]:
    """Return subject, first byte of the points, number of points and level of every sketch; all subjects at once."""
    buffer = np.frombuffer(b"".join(sketches), np.uint8).astype(np.int64)
    ends: Ints = np.cumsum([len(each) for each in sketches], dtype=np.int64)
    at: Ints = ends - np.array([len(each) for each in sketches], np.int64)
    subjects: Ints = np.arange(len(sketches))
    nothing = np.empty(0, np.int64)
    found: list[tuple[Ints, Ints, Ints, Ints]] = [(nothing, nothing, nothing, nothing)]
    while True:
        is_open = at < ends
        at, ends, subjects = at[is_open], ends[is_open], subjects[is_open]
        if not at.size:
            return tuple(np.concatenate(part) for part in zip(*found, strict=True))  # type: ignore[return-value]
        if (at + HEADER > ends).any():
            raise ValueError("a sketch ends too early")
        points = buffer[at + 1] * 256 + buffer[at + 2]
        if ((at + HEADER + 4 * points > ends) | (buffer[at] > MOST_LEVEL)).any():
            raise ValueError("these bytes are no sketch")
        found.append((subjects, at + HEADER, points, buffer[at]))
        at = at + HEADER + 4 * points


def _gather(buffer: NDArray[np.uint8], starts: Ints, points: Ints) -> Floats:
    """Return the points that begin at `starts`, one sketch after another."""
    before = np.cumsum(points) - points
    at = np.repeat(starts - 4 * before, points) + 4 * np.arange(int(points.sum()))
    gathered: Floats = buffer[at[:, None] + np.arange(4)].reshape(-1).view(">f4").astype(np.float32)
    return gathered
