"""Different entries give different bytes, and every change of a personal value is seen."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.audit import rules
from apps.audit.rules import SEALED, SealHead, commitment, entry_bytes, is_kept, packed, root_over

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
VALUE = st.none() | TEXT | st.sampled_from(["", "a", "aa", "\x01", "\x00\x01" * 4])
ENTRY = st.fixed_dictionaries(dict.fromkeys(SEALED, VALUE))
AT = datetime(2026, 3, 1, tzinfo=UTC)
HEAD = SealHead(2, 11, 20, 2, AT, bytes(range(32)))


@given(st.lists(VALUE), st.lists(VALUE))
def test_no_two_lists_of_values_give_the_same_bytes(one: list[str | None], other: list[str | None]) -> None:
    assert (packed(one) == packed(other)) == (one == other)


@given(st.lists(VALUE, max_size=3), st.lists(VALUE, max_size=3))
def test_values_cannot_move_across_a_border(one: list[str | None], other: list[str | None]) -> None:
    together = one + other
    splits = {packed(together[:n]) + packed(together[n:]) for n in range(len(together) + 1)}

    assert splits == {packed(together)}


@given(ENTRY, ENTRY)
def test_no_two_entries_give_the_same_bytes(one: dict[str, str | None], other: dict[str, str | None]) -> None:
    assert (entry_bytes(one) == entry_bytes(other)) == (one == other)


@given(ENTRY, st.sampled_from(SEALED), VALUE)
def test_any_changed_column_changes_the_root(entry: dict[str, str | None], column: str, value: str | None) -> None:
    changed = entry | {column: value}

    assert (root_over(HEAD, [entry]) == root_over(HEAD, [changed])) == (entry == changed)


def test_root_covers_everything_the_seal_says_and_the_order_of_its_entries() -> None:
    one, other = (dict.fromkeys(SEALED, text) for text in "ab")
    heads = [
        HEAD,
        SealHead(3, 11, 20, 2, AT, bytes(range(32))),
        SealHead(2, 12, 20, 2, AT, bytes(range(32))),
        SealHead(2, 11, 21, 2, AT, bytes(range(32))),
        SealHead(2, 11, 20, 3, AT, bytes(range(32))),
        SealHead(2, 11, 20, 2, AT + timedelta(microseconds=1), bytes(range(32))),
        SealHead(2, 11, 20, 2, AT, bytes(32)),
    ]
    roots = [root_over(head, [one, other]) for head in heads] + [root_over(HEAD, [other, one]), root_over(HEAD, [one])]

    assert len(set(roots)) == len(roots)


@given(st.lists(VALUE, min_size=1, max_size=3), st.binary(min_size=32, max_size=32))
def test_kept_values_are_those_committed_to(values: list[str | None], salt: bytes) -> None:
    digest = commitment(salt, values).hex()

    assert is_kept(values, salt.hex(), digest, is_erased=False)
    assert not is_kept([*values[:-1], "else"], salt.hex(), digest, is_erased=False) or values[-1] == "else"
    assert not is_kept(values, bytes(32).hex(), digest, is_erased=False) or salt == bytes(32)


def test_blank_values_need_a_tombstone_or_never_were_any() -> None:
    digest = commitment(bytes(32), ["ada", None, ""]).hex()

    assert is_kept(["", None, ""], None, digest, is_erased=True)
    assert not is_kept(["", None, ""], None, digest, is_erased=False)
    assert not is_kept(["ada", None, ""], None, digest, is_erased=True)
    assert is_kept(["", None, ""], None, None, is_erased=False)
    assert not is_kept(["ada", None, ""], None, None, is_erased=False)


def test_seal_continues_the_one_before_it_and_nothing_else() -> None:
    first = SealHead(1, 1, 10, 9, AT, rules.NOTHING)
    heads = [first, HEAD, SealHead(3, 21, 30, 4, AT, bytes(32))]
    roots = [HEAD.previous_root, bytes(32)]

    assert rules.broken_link(first, None, rules.NOTHING) is None
    assert [rules.broken_link(b, a, root) for (a, b), root in zip(pairwise(heads), roots, strict=True)] == [None, None]
    assert "are missing: 2 to 2" in (rules.broken_link(heads[2], first, bytes(32)) or "")
    assert "are missing: 1 to 1" in (rules.broken_link(HEAD, None, rules.NOTHING) or "")
    assert "range" in (rules.broken_link(SealHead(2, 12, 20, 2, AT, bytes(32)), first, bytes(32)) or "")
    assert rules.broken_link(HEAD, first, bytes(32)) == "it does not continue the seal before it"
