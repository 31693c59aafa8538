"""JSON as this portal takes it: bounded, finite, and the same for every reader. Pure.

Python's own parser would take NaN, numbers no double can hold, duplicate names, halves of surrogate pairs, and would
fall over bodies nested too deep; each of these is an Invalid that names the place.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from apps.core.errors import Invalid

MOST_LEVELS: Final = 32
MOST_DIGITS: Final = 25
# Takes an unclosed string whole, so that no body makes the search begin again and again.
STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
BRACKETS: Final = re.compile(rb"[\[{\]}]")
SURROGATE: Final = re.compile("[\ud800-\udfff]")
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Bad:
    """Stands in a parsed body where something cannot be accepted."""

    code: str
    detail: str


class _Twice(dict[str, Any]):
    """An object in which a name came twice."""

    name = ""


def parse(body: bytes) -> Any:
    """Return the value of a body; raises Invalid naming field and index where there is a place to name."""
    if _is_too_deep(body):
        raise Invalid("too_deep", f"JSON may be nested {MOST_LEVELS} levels deep at most.")
    try:
        found = json.loads(
            body.decode(), parse_constant=_not_finite, parse_float=_real, parse_int=_whole, object_pairs_hook=_object
        )
    except UnicodeDecodeError as error:
        raise Invalid("invalid_text", f"The body is not UTF-8 at byte {error.start}.") from None
    except ValueError as error:
        raise Invalid("malformed_json", f"The body is not JSON: {error}") from None
    for path, bad in _faults(found, ()):
        raise refusal(bad.code, bad.detail, path)
    return found


def refusal(code: str, detail: str, path: Path) -> Invalid:
    """Return the error for a place in a body: dotted names from the last list item down, and that item's index."""
    index = next((part for part in reversed(path) if isinstance(part, int)), None)
    names = [str(part) for part in path if isinstance(part, str)]
    return Invalid(code, detail, field=".".join(names)[:200] or None, index=index)


def _is_too_deep(body: bytes) -> bool:
    """Tell whether brackets are nested too deep, without parsing; stops at the first that is."""
    level = 0
    for bracket in BRACKETS.finditer(STRINGS.sub(b"", body)):
        level += 1 if bracket[0] in b"[{" else -1
        if level > MOST_LEVELS:
            return True
    return False


def _not_finite(text: str) -> _Bad:
    """Refuse NaN and the infinities."""
    return _Bad("not_finite", f"{text} is not a number.")


def _real(text: str) -> float | _Bad:
    """Read a number with a fraction or an exponent."""
    value = float(text)
    return value if math.isfinite(value) else _Bad("not_finite", "The number is too large.")


def _whole(text: str) -> int | _Bad:
    """Read a whole number of a sensible length."""
    return int(text) if len(text) <= MOST_DIGITS else _Bad("not_finite", "The number has too many digits.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object, remembering a name that comes twice."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    marked = _Twice(found)
    marked.name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return marked


def _faults(value: Any, path: Path) -> Iterator[tuple[Path, _Bad]]:
    """Yield what cannot be accepted, in the order of the body."""
    if isinstance(value, _Bad):
        yield path, value
    elif isinstance(value, str):
        if why := _unstorable(value):
            yield path, _Bad("invalid_text", why)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(item, (*path, index))
    elif isinstance(value, dict):
        yield from _object_faults(value, path)


def _object_faults(value: dict[str, Any], path: Path) -> Iterator[tuple[Path, _Bad]]:
    """Yield the faults of an object: its names, then its values."""
    if isinstance(value, _Twice):
        yield (*path, _printable(value.name)), _Bad("repeated_field", "The name comes twice in one object.")
    for name, item in value.items():
        if why := _unstorable(name):
            yield (*path, _printable(name)), _Bad("invalid_text", why)
        yield from _faults(item, (*path, _printable(name)))


def _unstorable(text: str) -> str:
    """Say why the database cannot hold a text; empty where it can."""
    if "\x00" in text:
        return "The text holds a NUL character."
    return "The text holds half a surrogate pair." if SURROGATE.search(text) else ""


def _printable(name: str) -> str:
    """Return a name that an answer can carry."""
    return name[:60].encode("unicode_escape").decode("ascii")
