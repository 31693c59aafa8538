"""What waits to be stored, and what became of it: every call of the agents is brought to these two forms. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.ingest.faults import Rejection
from apps.ingest.keys import Reporter
from apps.ingest.samples import Write, Written
from apps.ingest.shapes import Spool


@dataclass(frozen=True, slots=True)
class Beat:
    """What a heartbeat says of its machine; `metrics_data` is JSON, `clock_skew` seconds the sender is ahead."""

    status: str
    error: str
    config_hash: str | None
    clock_skew: float | None
    metrics_data: bytes
    spool: Spool | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The top processes of one moment, each pid once: rows as the database takes them, `at` in epoch seconds."""

    at: float
    rows: list[Any]
    sent: int


@dataclass(slots=True)
class Work:
    """One request on its way to the database: a `Write`, with what only some calls bring."""

    write: Write
    beat: Beat | None = None
    listing: Listing | None = None

    @property
    def is_contact(self) -> bool:
        """Whether the request shows that the node is alive."""
        return self.beat is not None or self.write.is_contact

    @property
    def item_count(self) -> int:
        """Count what it asks to store."""
        write = self.write
        listed = len(self.listing.rows) if self.listing else 0
        return len(write.samples or ()) + len(write.usage) + listed + 1


@dataclass(slots=True)
class Done:
    """What became of a work, after COMMIT; `is_repeat` tells that a receipt answered."""

    reporter: Reporter
    received_at: datetime
    accepted: int = 0
    duplicate: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    commands: list[dict[str, Any]] = field(default_factory=list)
    is_repeat: bool = False

    def as_written(self) -> Written:
        """Return what the protocols render."""
        return Written(self.reporter.node_id, self.accepted, self.duplicate, self.rejected, self.received_at)


@dataclass(slots=True)
class Accepted:
    """A work whose key is valid: it is stored with the group, and `done` grows while that happens."""

    work: Work
    done: Done

    @property
    def node_id(self) -> UUID:
        """Whose it is."""
        return self.done.reporter.node_id
