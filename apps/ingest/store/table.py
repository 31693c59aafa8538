"""Which series number belongs to which series of which node: a hash table in a few arrays. Pure, bounded.

Half a million series take 30 MB here; as Python objects they would take ten times that. Names are kept as
fingerprints of 128 bits under a secret of the process, so that two series that share one do not happen and cannot be
arranged.
"""

import secrets
from functools import lru_cache
from hashlib import blake2b
from typing import Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from apps.ingest.samples import SeriesKey

Words = npt.NDArray[np.uint64]
Slots = npt.NDArray[np.int64]
SMALLEST: Final = 2**14
LARGEST: Final = 2**20
_SECRET: Final = secrets.token_bytes(32)


@lru_cache(maxsize=16_384)
def fingerprint(key: SeriesKey) -> bytes:
    """Return 16 bytes that stand for a series' name, labels and subject."""
    text = f"{key.metric_type}\0{key.labels}\0{key.pool or ''}\0{key.session or ''}"
    return blake2b(text.encode(), digest_size=16, key=_SECRET).digest()


@lru_cache(maxsize=32_768)
def fingerprint_of_node(tenant_id: UUID, node_id: UUID) -> tuple[int, int]:
    """Return two words that stand for a node within its tenant."""
    digest = blake2b(tenant_id.bytes + node_id.bytes, digest_size=16, key=_SECRET).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def names_of(tenant_id: UUID, node_id: UUID, keys: list[SeriesKey]) -> Words:
    """Return the fingerprints of a node's series, one row of two words each."""
    shapes = np.frombuffer(b"".join(map(fingerprint, keys)), np.uint64).reshape(-1, 2)
    return shapes ^ np.array(fingerprint_of_node(tenant_id, node_id), np.uint64)


class SeriesTable:
    """Open addressing with linear probing, at most half full; a full one forgets everything and learns anew."""

    def __init__(self, largest: int = LARGEST) -> None:
        """Start small."""
        self._largest = largest
        self.clear()

    def clear(self) -> None:
        """Forget all series."""
        self._allocate(min(SMALLEST, self._largest))

    def __len__(self) -> int:
        """Count the series."""
        return self._count

    def find(self, names: Words) -> Slots:
        """Return the slot of each series, -1 where it is not known."""
        found = np.full(len(names), -1, np.int64)
        open_, slots = np.arange(len(names)), (names[:, 0] & np.uint64(self._mask)).astype(np.int64)
        while len(open_):
            here = slots[open_]
            is_same = (self._names[here] == names[open_]).all(axis=1) & (self._series[here] != 0)
            found[open_[is_same]] = here[is_same]
            open_ = open_[~is_same & (self._series[here] != 0)]
            slots[open_] = (slots[open_] + 1) & self._mask
        return found

    def series(self, slots: Slots) -> npt.NDArray[np.int32]:
        """Return the numbers of series, 0 where a slot is -1."""
        return np.where(slots >= 0, self._series[slots], 0)

    def noted(self, slots: Slots) -> npt.NDArray[np.float64]:
        """Return which newest sample is noted in the database, in epoch seconds; any number where a slot is -1."""
        return self._noted[slots]

    def told(self, slots: Slots) -> npt.NDArray[np.uint32]:
        """Return what stands for unit and kind as noted; any number where a slot is -1."""
        return self._told[slots]

    def note(
        self,
        names: Words,
        series: npt.NDArray[np.int32],
        noted: npt.NDArray[np.float64],
        told: npt.NDArray[np.uint32],
    ) -> None:
        """Keep series, each once in `names`, with what is noted of them; one already known is brought up to date."""
        most = self._largest // 4
        names, series, noted, told = names[:most], series[:most], noted[:most], told[:most]
        if (self._count + len(names)) * 2 > self._mask:
            self._make_room(len(names))
        slots = self.find(names)
        for place in np.flatnonzero(slots < 0):
            slots[place] = self._insert(names[place], series[place])
        self._noted[slots], self._told[slots] = noted, told

    def _insert(self, name: Words, series: np.int32) -> int:
        """Put one more series into the next free slot and return that."""
        slot = int(name[0]) & self._mask
        while self._series[slot] and not (self._names[slot] == name).all():
            slot = (slot + 1) & self._mask
        self._count += not self._series[slot]
        self._names[slot], self._series[slot] = name, series
        return slot

    def _make_room(self, more: int) -> None:
        """Grow, or forget everything where the bound is reached."""
        size = self._mask + 1
        while (self._count + more) * 2 > size - 1 and size < self._largest:
            size *= 2
        taken = np.flatnonzero(self._series)
        names, series, noted, told = self._names[taken], self._series[taken], self._noted[taken], self._told[taken]
        self._allocate(size)
        if (len(taken) + more) * 2 <= size - 1:
            # In pieces: what a look at all of them takes for a moment would be the most this process ever holds.
            for start in range(0, len(taken), SMALLEST):
                part = slice(start, start + SMALLEST)
                self.note(names[part], series[part], noted[part], told[part])

    def _allocate(self, size: int) -> None:
        """Make empty arrays."""
        self._mask, self._count = size - 1, 0
        self._names = np.zeros((size, 2), np.uint64)
        self._series = np.zeros(size, np.int32)
        self._noted = np.zeros(size, np.float64)
        self._told = np.zeros(size, np.uint32)
