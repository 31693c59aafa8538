"""One number per subject over a window: of thousands of them, so whole columns are read and no rows."""

from collections.abc import Mapping
from itertools import accumulate, pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from apps.core import bulk
from apps.metrics import sketch
from apps.metrics.queries import Aggregation
from apps.metrics.selectors.query_plan import Plan
from apps.metrics.selectors.query_rows import Key, Reader, Waiting, read, waits

Number = tuple[float | None, int]
Numbers = Mapping[Key, Number]
MOMENTS = frozenset({Aggregation.AVG, Aggregation.MIN, Aggregation.MAX, Aggregation.COUNT})
OF_MOMENTS = ("subject", "kind", "hourly", "count", "send", "avg", "low", "high")
# Of how many hours sketches are in memory together: about a hundred megabytes while they are put in order.
MOST_AT_ONCE = 100_000
# A binary COPY is a header, and per row the number of its fields, each after its length.
FIRST_ROW, LENGTH, COPIED = len(bulk.HEADER) + 2, 4, 3


def numbers(reader: Reader, plan: Plan, aggregation: Aggregation) -> Numbers:
    """Return each subject's number and of how many samples it is; subjects without samples are missing."""
    waiting = waits(reader, plan)
    if plan.is_of_hours and not waiting and aggregation in MOMENTS:
        span = {"subjects": reader.keys, "finer_from": plan.finer_from, "finer_until": plan.finer_until}
        return _moments(reader, {**span, "aggregation": str(aggregation)})
    if aggregation is not Aggregation.P95 or plan.is_of_samples:
        return _by_cells(reader, plan, aggregation, waiting)
    at_once = max(1, round(MOST_AT_ONCE / max(plan.rolled_rows, 1)))
    found: dict[Key, Number] = {}
    for first in range(0, len(reader.rows), at_once):
        found |= _percentiles(reader.part(reader.rows[first : first + at_once]), plan, waiting)
    return found


def _by_cells(reader: Reader, plan: Plan, aggregation: Aggregation, waiting: Waiting) -> dict[Key, Number]:
    """Return numbers by way of the one step that a window has."""
    cells = read(reader, plan, aggregation, waiting)
    return {key: (steps[0].value, steps[0].samples) for key, steps in cells.items()}


def _percentiles(reader: Reader, plan: Plan, waiting: Waiting) -> dict[Key, Number]:
    """Return 95th percentiles: from sketches alone where several hours of a subject are read and nothing else."""
    keys = {one.key for one in reader.rows}
    late = {key for key, _, _ in waiting if key in keys} if plan.is_of_hours and plan.rolled_rows > 1 else keys
    found: dict[Key, Number] = {}
    if late:
        behind = reader.part([one for one in reader.rows if one.key in late])
        found |= _by_cells(behind, plan, Aggregation.P95, {one for one in waiting if one[0] in late})
    if len(late) < len(keys):
        found |= _joined(reader.part([one for one in reader.rows if one.key not in late]), plan)
    return found


def _moments(reader: Reader, params: Mapping[str, Any]) -> Numbers:
    """Return averages, extremes or counts, made by the database."""
    row = reader.run("query_hours_number", params, OF_MOMENTS)[0]
    if row["subjects"] is None:
        return {}
    owners = _owners(memoryview(row["subjects"]), [reader.sent(one.key) for one in reader.rows], reader.width)
    values, counts = np.zeros(len(reader.rows) + 1), np.zeros(len(reader.rows) + 1, np.int64)
    values[owners], counts[owners] = np.frombuffer(row["numbers"], ">f8"), np.frombuffer(row["counts"], ">i8")
    pairs = zip(reader.rows, values.tolist(), counts.tolist(), strict=False)
    return {one.key: (value, count) for one, value, count in pairs if count}


def _joined(reader: Reader, plan: Plan) -> dict[Key, Number]:
    """Return 95th percentiles from the sketches of whole hours."""
    name = "query_sketches_vitals.sql" if reader.is_vital else "query_sketches_series.sql"
    span = {"subjects": reader.keys, "finer_from": plan.finer_from, "finer_until": plan.finer_until}
    copied = bulk.copy_whole(__file__, name, {**span, "vital": reader.metric})
    subjects, counts, sketches = _columns(memoryview(copied))
    if not subjects:
        return {}
    owners = _owners(subjects, [reader.sent(one.key) for one in reader.rows], reader.width)
    parts = _by_owner(sketches, _lengths(sketches, len(owners)), owners, len(reader.rows))
    samples = np.bincount(owners, np.frombuffer(counts, ">i4"), len(reader.rows) + 1).astype(np.int64)
    with_hours = np.flatnonzero(samples[:-1])
    values = sketch.quantiles_by_subject(cast("list[bytes]", [parts[at] for at in with_hours]), [0.95])[:, 0]
    told = zip(with_hours.tolist(), values.tolist(), samples[with_hours].tolist(), strict=True)
    return {reader.rows[at].key: (value, count) for at, value, count in told}


def _owners(told: memoryview, keys: list[bytes], width: int) -> NDArray[np.intp]:
    """Return for keys that were sent one after another the places of the same in a list, its length for strangers."""
    wanted, found = np.array(keys, f"S{width}"), np.frombuffer(told, f"S{width}")
    order = np.argsort(wanted)
    near = order[np.minimum(np.searchsorted(wanted, found, sorter=order), len(keys) - 1)]
    return np.where(wanted[near] == found, near, len(keys))


def _lengths(sketches: memoryview, count: int) -> NDArray[np.int64]:
    """Return how many bytes each of so many sketches takes; mostly all have one length and one head."""
    length = len(sketches) // count
    heads = np.frombuffer(sketches, np.uint8)[: count * length].reshape(count, length)[:, : sketch.HEADER]
    if length * count == len(sketches) == count * sketch.size_at(sketches, 0) and (heads == heads[0]).all():
        return np.full(count, length)
    found, at = np.empty(count, np.int64), 0
    for place in range(count):
        found[place] = sketch.size_at(sketches, at)
        at += int(found[place])
    return found


def _by_owner(
    sketches: memoryview, lengths: NDArray[np.int64], owners: NDArray[np.intp], subjects: int
) -> list[memoryview]:
    """Return each subject's sketches one after another; those of one length, which is usual, are moved as a table."""
    order = np.argsort(owners, kind="stable")
    if (lengths == lengths[0]).all():
        sorted_sketches = np.frombuffer(sketches, np.uint8).reshape(lengths.size, -1)[order].reshape(-1).data
    else:
        ends = np.cumsum(lengths)
        sorted_sketches = memoryview(b"".join(sketches[ends[at] - lengths[at] : ends[at]] for at in order))
    sizes = np.bincount(owners, lengths, subjects + 1).astype(np.int64).tolist()
    return [sorted_sketches[start:end] for start, end in pairwise(accumulate(sizes, initial=0))]


def _columns(copied: memoryview) -> list[memoryview]:
    """Return the fields of the one row of a binary COPY; those without a value are empty."""
    found: list[memoryview] = []
    at = FIRST_ROW
    while len(found) < COPIED:
        size = max(int.from_bytes(copied[at : at + LENGTH], "big", signed=True), 0)
        found.append(copied[at + LENGTH : at + LENGTH + size])
        at += LENGTH + size
    return found
