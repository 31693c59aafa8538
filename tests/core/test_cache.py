"""What a process remembers: bounded, never older than it may be, and never what was overtaken while it was read."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.cache.local import Load, LocalTier

SECONDS = 5


@dataclass
class World:
    """A database of one value, the tier above it, and a clock that tests set."""

    now: int = 0
    stored: int = 0
    changed_at: dict[int, int] = field(default_factory=lambda: {0: 0})
    slow: tuple[Load, int] | None = None

    def __post_init__(self) -> None:
        """Put the tier on this clock."""
        self.tier = LocalTier(most=3, seconds=SECONDS, clock=lambda: float(self.now))

    def read(self) -> int:
        """Return the value as a reader gets it."""
        found = self.tier.get("key")
        if found is None:
            with self.tier.loading("topic") as load:
                found = str(self.stored).encode()
                self.tier.put("key", found, load)
        return int(found)

    def write(self, *, is_told: bool) -> None:
        """Change the value, with or without the news reaching this process."""
        self.changed_at[self.stored + 1] = self.now
        self.stored += 1
        if is_told:
            self.tier.forget(["topic"])

    def age(self, value: int) -> int:
        """Return for how long a value has not been the stored one any more."""
        overtaken = self.changed_at.get(value + 1)
        return 0 if overtaken is None else self.now - overtaken


@given(st.lists(st.one_of(st.sampled_from(["read", "write", "write unheard"]), st.integers(1, 4)), max_size=60))
def test_nobody_reads_what_is_older_than_the_bound_and_everybody_reads_their_own_writes(
    steps: list[str | int],
) -> None:
    world = World()
    for step in steps:
        match step:
            case int(seconds):
                world.now += seconds
            case "read":
                assert world.age(world.read()) < SECONDS
            case "write":
                world.write(is_told=True)
                assert world.read() == world.stored
            case _:
                world.write(is_told=False)


@given(st.lists(st.sampled_from(["begin", "end", "write", "read"]), max_size=40))
def test_a_slow_read_that_a_change_overtook_is_kept_by_nobody(steps: list[str]) -> None:
    world = World()
    for step in steps:
        if step == "begin" and world.slow is None:
            entered = world.tier.loading("topic")
            world.slow = (entered.__enter__(), world.stored)
        elif step == "end" and world.slow is not None:
            load, value = world.slow
            world.tier.put("key", str(value).encode(), load)
            entered.__exit__(None, None, None)
            world.slow = None
        elif step == "write":
            world.write(is_told=True)
        assert world.read() == world.stored


def put(tier: LocalTier, key: str, topic: str = "topic") -> None:
    """Keep a value."""
    with tier.loading(topic) as load:
        tier.put(key, key.encode(), load)


def test_the_least_lately_put_goes_when_there_is_no_room() -> None:
    tier = LocalTier(most=3, seconds=60)

    for key in "abcd":
        put(tier, key)
    put(tier, "b")
    put(tier, "e")

    assert [key for key in "abcde" if tier.get(key)] == ["b", "d", "e"]
    assert len(tier) == 3


def test_a_topic_takes_its_own_values_along_only() -> None:
    tier = LocalTier(most=9, seconds=60)
    put(tier, "a", "node:1")
    put(tier, "b", "node:1")
    put(tier, "c", "node:2")

    tier.forget(["node:1", "node:9"])

    assert [tier.get(key) for key in "abc"] == [None, None, b"c"]


def test_after_missed_news_nothing_is_believed() -> None:
    tier = LocalTier(most=9, seconds=60)
    put(tier, "a")

    with tier.loading("topic") as load:
        tier.clear()
        tier.put("b", b"b", load)

    assert (tier.get("a"), tier.get("b"), len(tier)) == (None, None, 0)


def test_a_failed_load_leaves_nothing_behind() -> None:
    tier = LocalTier(most=9, seconds=60)

    with pytest.raises(OSError, match="away"), tier.loading("topic"):
        raise OSError("away")

    put(tier, "a")
    assert (tier.get("a"), tier._loads) == (b"a", [])
