"""A cursor carries a place through an address, and nothing else gets in that way."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.core.paging import BadCursor, decode_cursor, encode_cursor

CLEAN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
SCALARS = st.none() | CLEAN | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)


def packed(content: Any) -> str:
    """Return a cursor as a stranger would make it."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@given(CLEAN, st.lists(SCALARS, max_size=4), st.booleans())
def test_what_was_packed_comes_out_again(order: str, values: list[Any], backwards: bool) -> None:
    cursor = decode_cursor(encode_cursor(order, values, backwards=backwards), order, len(values))

    assert (cursor.values, cursor.backwards) == (values, backwards)


@given(st.lists(SCALARS, max_size=3), st.integers(0, 4))
def test_cursor_of_another_order_or_width_is_refused(values: list[Any], width: int) -> None:
    text = encode_cursor("hostname", values)

    with pytest.raises(BadCursor):
        decode_cursor(text, "-hostname", len(values))
    if width != len(values):
        with pytest.raises(BadCursor):
            decode_cursor(text, "hostname", width)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


@given(JSON)
@example(5)
@example({"o": 1, "p": 2, "q": 3})
@example(["o", ["\ud800"], False])
@example(["o", ["nul \x00"], False])
@example(["o", [10**400], False])
@example(["o", [[1]], False])
@example(["o", [1], 1])
def test_any_other_json_is_refused_or_is_plain_values(content: Any) -> None:
    with suppress(BadCursor):
        (value,) = decode_cursor(packed(content), "o", 1).values
        assert value is None or isinstance(value, str | int | float)
        assert "\x00" not in str(value)
        str(value).encode()


@given(st.text())
@example("====")
@example("W" * 4001)
@example(base64.urlsafe_b64encode(b"[" * 100_000).decode())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(text, "o", 1)
