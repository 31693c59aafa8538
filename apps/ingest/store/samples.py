"""The samples of a group: one binary COPY of all of them, or, where some are there already, one careful INSERT."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from psycopg import errors

from apps.ingest.database import Connection, copy_in, send, stored_count
from apps.ingest.samples import Samples

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
SINCE_2000: Final = 946_684_800.0
ROW: Final = np.dtype(
    [("n", ">i2"), ("l1", ">i4"), ("series", ">i4"), ("l2", ">i4"), ("at", ">i8"), ("l3", ">i4"), ("value", ">f8")]
)
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Columns:
    """Samples of many requests, each (series, time) once, in the order of both; `owner` is the request's place."""

    series: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    owner: npt.NDArray[np.int64]

    def packed(self) -> bytes:
        """Return the rows as binary COPY takes them."""
        rows = np.empty(len(self.series), ROW)
        rows["n"], rows["l1"], rows["l2"], rows["l3"] = 3, 4, 8, 8
        rows["series"], rows["at"], rows["value"] = self.series, self.at, self.value
        return b"".join((HEADER, rows.tobytes(), TRAILER))


def microseconds(at: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return microseconds since 2000, rounded as the database's to_timestamp rounds epoch seconds."""
    rounded: npt.NDArray[np.int64] = np.rint((at - SINCE_2000) * 1e6).astype(np.int64)
    return rounded


def columns_of(samples: Sequence[Samples], series: Sequence[npt.NDArray[np.int32]]) -> Columns:
    """Put the samples of all requests in order; of several for the same moment of a series the first one stays."""
    numbers = np.concatenate([own[one.of] for own, one in zip(series, samples, strict=True)])
    at = microseconds(np.concatenate([one.at for one in samples]))
    value = np.concatenate([one.value for one in samples])
    owner = np.repeat(np.arange(len(samples)), [len(one) for one in samples])
    order = np.lexsort((at, numbers))
    numbers, at = numbers[order], at[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (numbers[1:] != numbers[:-1]) | (at[1:] != at[:-1])
    kept = is_first & (numbers > 0)
    return Columns(numbers[kept], at[kept], value[order][kept], owner[order][kept])


async def store_samples(connection: Connection, columns: Columns, requests: int) -> Counts:
    """Add samples that are not there yet and return how many of each request are new."""
    if not len(columns.series):
        return np.zeros(requests, np.int64)
    await connection.execute("SAVEPOINT samples")
    try:
        await copy_in(connection, "copy_samples.sql", columns.packed())
    except errors.UniqueViolation:
        await connection.execute("ROLLBACK TO SAVEPOINT samples")
        return await _store_carefully(connection, columns, requests)
    return np.bincount(columns.owner, minlength=requests)


async def _store_carefully(connection: Connection, columns: Columns, requests: int) -> Counts:
    """Add what is not there yet, request by request: the door may not read samples, so it cannot ask which ones."""
    sent = []
    async with connection.pipeline():
        for request in range(requests):
            own = columns.owner == request
            params = {"series": columns.series[own].tolist(), "times": columns.at[own].tolist()}
            sent.append(await send(connection, "store_samples.sql", params | {"values": columns.value[own].tolist()}))
    return np.array([await stored_count(one) for one in sent], np.int64)
