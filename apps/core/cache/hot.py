"""Values that many ask for, looked for in this process, in Redis, and in the database, in this order.

What row security let one reader see is kept for readers of the same scope only: tenants and role are part of every key.
A transaction within another, or one that has something to announce, always reads the database: it sees what it wrote.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from django.db import connection

from apps.core.cache import shared
from apps.core.cache.hearing import Hearing
from apps.core.cache.local import LocalTier
from apps.core.channel import channel_of
from apps.core.context import current

NODE: Final = "node:"


@dataclass(frozen=True, slots=True)
class Hot:
    """One kind of value: at most `most` in a process for `seconds`, in Redis for `shared_seconds` (0: not there)."""

    name: str
    seconds: float
    most: int
    shared_seconds: float = 0.0
    local: LocalTier = field(init=False)

    def __post_init__(self) -> None:
        """Make the tier of this process, and let news reach it."""
        object.__setattr__(self, "local", LocalTier(self.most, self.seconds))
        _tiers.append(self.local)


_tiers: list[LocalTier] = []


def remembered(hot: Hot, topic: str, load: Callable[[], bytes]) -> bytes:
    """Return a value for whoever acts now; `load` reads the database, and its errors are remembered by nobody."""
    scope = current()
    if not scope.tenant_ids or _is_amid_changes():
        return load()
    _hearing.begin()
    key = f"{hot.name} {scope.tenant_ids} {scope.user_role}"
    found = hot.local.get(f"{topic} {key}")
    if found is not None:
        return found
    with hot.local.loading(topic) as loading:
        found = shared.get(topic, key) if hot.shared_seconds else None
        if found is None:
            found = load()
            if hot.shared_seconds:
                shared.put(topic, key, found, hot.shared_seconds)
        hot.local.put(f"{topic} {key}", found, loading)
    return found


def forget(topics: Iterable[str]) -> None:
    """Drop what is remembered of changed topics, here and in Redis; other processes hear of it by themselves."""
    changed = list(topics)
    forget_here(changed)
    shared.forget([topic for topic in changed if topic.startswith(NODE)])


def forget_here(topics: Iterable[str]) -> None:
    """Drop what this process remembers of changed topics."""
    changed = list(topics)
    for tier in _tiers:
        tier.forget(changed)


def _forget_all_here() -> None:
    """Drop everything this process remembers."""
    for tier in _tiers:
        tier.clear()


def _is_amid_changes() -> bool:
    """Tell whether the open transaction may have written: one within another, or one that will announce something."""
    return bool(connection.savepoint_ids or connection.run_on_commit)


_hearing = Hearing(channel_of(settings.REDIS_URL), forget_here, _forget_all_here)
