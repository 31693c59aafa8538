"""One transaction for all requests that wait: each table is written once, and each request has an answer of its own.

Everywhere the tables come in the same order and rows are locked in the order of their keys, so that doors that store at
the same time wait for each other at most in a line. What is remembered between groups is noted after COMMIT only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from apps.core.errors import PortalError
from apps.ingest.database import Connection, set_limits
from apps.ingest.faults import Fault, Rejection, rejection
from apps.ingest.keys import identify, note_use, waits_for_approval
from apps.ingest.samples import Samples
from apps.ingest.store.contacts import hand_out, send_contacts, send_for_commands, send_heartbeats
from apps.ingest.store.memory import Memory
from apps.ingest.store.parcels import count, parcels_of, send_parcels
from apps.ingest.store.receipts import answer_repeats, correct_receipts, share_answers, store_receipts
from apps.ingest.store.said import marks_of, send_families, send_latest, send_marks
from apps.ingest.store.samples import columns_of, store_samples
from apps.ingest.store.series import Numbers, resolve
from apps.ingest.work import Accepted, Done, Work


@dataclass(slots=True)
class Stored:
    """The outcome of each work, and what to remember now that it is committed."""

    outcomes: list[Done | PortalError]
    to_remember: list[Callable[[], None]] = field(default_factory=list)


async def store_group(
    connection: Connection, works: Sequence[Work], memory: Memory, now: datetime, lock_milliseconds: int
) -> Stored:
    """Store works in one transaction, committed on return; harmless to repeat."""
    async with connection.pipeline():
        await connection.execute("BEGIN")
        await set_limits(connection, lock_milliseconds)
        reporters = await identify(connection, [work.write.caller for work in works], now)
    group = _Group(works, memory, now)
    for place, (work, reporter) in enumerate(zip(works, reporters, strict=True)):
        if isinstance(reporter, PortalError):
            group.outcomes[place] = reporter
        else:
            group.accept(place, Accepted(work, Done(reporter, work.write.now)))
    await group.store(connection)
    return Stored(group.answers(), group.to_remember)


class _Group:
    """The works of one transaction; `outcomes` are those known already, by place."""

    def __init__(self, works: Sequence[Work], memory: Memory, now: datetime) -> None:
        """Start without any answer."""
        self.works, self.memory, self.now = works, memory, now
        self.outcomes: dict[int, PortalError] = {}
        self.heard: list[Accepted] = []
        self.accepted: dict[int, Accepted] = {}
        self.stored: list[Accepted] = []
        self.numbers: dict[int, Numbers] = {}
        self.to_remember: list[Callable[[], None]] = []

    def accept(self, place: int, one: Accepted) -> None:
        """Take a work whose key is valid; of a node that waits for approval only the contact counts."""
        self.heard.append(one)
        if one.done.reporter.is_pending:
            self.outcomes[place] = waits_for_approval(one.node_id)
        else:
            self.accepted[place] = one

    async def store(self, connection: Connection) -> None:
        """Write everything and commit."""
        fresh = await answer_repeats(connection, list(self.accepted.values()))
        await self._house(connection, fresh)
        self.stored = await store_receipts(connection, fresh)
        await self._store_samples(connection)
        await self._store_rest(connection)

    def answers(self) -> list[Done | PortalError]:
        """Return the outcome of each work in order."""
        shared = dict(zip(self.accepted, share_answers(list(self.accepted.values())), strict=True))
        return [self.outcomes[place] if place in self.outcomes else shared[place] for place in range(len(self.works))]

    async def _house(self, connection: Connection, fresh: Sequence[Accepted]) -> None:
        """Find or make the series of all samples; those beyond a node's ceiling are rejected."""
        with_samples = [(one, samples) for one in fresh if (samples := one.work.write.samples) and samples.keys]
        owners = [(one.done.reporter, samples) for one, samples in with_samples]
        numbers, remember = await resolve(connection, owners, self.memory)
        self.to_remember.append(remember)
        for (one, samples), own in zip(with_samples, numbers, strict=True):
            self.numbers[id(one)] = own
            one.done.rejected = [*one.work.write.rejected, *_homeless(samples, own, self.memory.most_series)]
        for one in fresh:
            one.done.rejected = sorted(
                one.done.rejected or one.work.write.rejected, key=lambda fault: (fault.list or "", fault.index)
            )
            one.done.accepted = self._expected(one)

    def _expected(self, one: Accepted) -> int:
        """Count what is taken of a work if nothing of it is there yet."""
        samples, listing = one.work.write.samples, one.work.listing
        housed = int((self.numbers[id(one)][samples.of] > 0).sum()) if samples else 0
        return housed + len(one.work.write.usage) + (listing.sent if listing else 0)

    async def _store_samples(self, connection: Connection) -> None:
        """Write the samples and count which were new; `accepted` starts anew from here."""
        for one in self.stored:
            one.done.duplicate, one.done.accepted = one.done.accepted, 0
        owners = [(one, one.work.write.samples) for one in self.stored if one.work.write.samples]
        if owners:
            columns = columns_of([samples for _, samples in owners], [self.numbers[id(one)] for one, _ in owners])
            counts = await store_samples(connection, columns, len(owners))
            for (one, _), count in zip(owners, counts.tolist(), strict=True):
                one.done.accepted = count

    async def _store_rest(self, connection: Connection) -> None:
        """Write what goes without waiting for answers, then the counts that turned out otherwise, and commit."""
        marks = self.memory.hours.missing(marks_of(self.stored), self.now)
        beats = [one for one in self.stored if one.work.beat]
        parcels = parcels_of(self.stored)
        async with connection.pipeline():
            await send_latest(connection, self.stored, self.now)
            await send_marks(connection, marks, self.now)
            await send_heartbeats(connection, self.heard)
            await send_contacts(connection, self.heard)
            asked = await send_for_commands(connection, beats, self.now)
            await send_families(connection, self.stored)
            await note_use(connection, [(one.work.write.caller, one.done.reporter) for one in self.heard], self.now)
            sent = await send_parcels(connection, parcels)
        await hand_out(asked, beats)
        await count(connection, parcels, sent)
        for one in self.stored:
            one.done.duplicate -= one.done.accepted
        await correct_receipts(connection, self.stored)
        await connection.execute("COMMIT")
        self.to_remember.append(lambda: self.memory.hours.note(marks, self.now))


def _homeless(samples: Samples, numbers: Numbers, most: int) -> list[Rejection]:
    """Return the rejections of samples whose series found no room."""
    if (numbers[samples.of] > 0).all():
        return []
    fault = Fault("series_limit", f"A node has at most {most} series.")
    lost = np.flatnonzero(numbers[samples.of] == 0)
    places = lost if samples.places is None else samples.places[lost]
    return [rejection(fault, place, samples.listed_in) for place in places.tolist()]
