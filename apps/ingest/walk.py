"""A walk over JSON text that finds what a decoder does not tell: repeated keys, NUL, depth, where a byte lies. Pure.

Used only for bodies that look wrong, so it may be slow, but it is linear and keeps only the way down to where it is.
"""

import re
from dataclasses import dataclass, field
from typing import Final

import msgspec

from apps.core.errors import Invalid, TooLarge
from apps.ingest.faults import Fault, Path

# A string that never ends is taken to the end in one step: otherwise each quote in it would start anew.
TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\],]', re.DOTALL)
NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
DEEPEST: Final = 32
MOST_KEYS: Final = 64
MOST_ITEMS: Final = 20_000
MOST_FAULTS: Final = 20_000


@dataclass(slots=True)
class Frame:
    """One open object or array: where in it the walk is."""

    is_array: bool
    index: int = 0
    key: str = ""
    wants_key: bool = True
    seen: set[str] = field(default_factory=set)

    @property
    def step(self) -> str | int:
        """Return the index or key that leads on from here."""
        return self.index if self.is_array else self.key


class Walk:
    """One pass over a text: `faults` lists what is wrong with their paths, `path` is where the pass ended."""

    def __init__(self, body: bytes, end: int | None = None) -> None:
        """Walk to `end` or to the end of the text; raises Invalid or TooLarge when it is too deep or long."""
        self.faults: list[tuple[Path, Fault]] = []
        self._frames: list[Frame] = []
        for token in TOKEN.finditer(body, 0, len(body) if end is None else end):
            self._take(token.group())

    @property
    def path(self) -> Path:
        """Return the keys and indices that lead to where the walk is."""
        return tuple(frame.step for frame in self._frames if frame.is_array or frame.key)

    def _take(self, token: bytes) -> None:
        """Follow one token."""
        match token[:1]:
            case b'"':
                self._text(token)
            case b"{" | b"[":
                self._open(token == b"[")
            case b",":
                self._next()
            case _ if self._frames:
                self._frames.pop()

    def _open(self, is_array: bool) -> None:
        """Go one level down."""
        if len(self._frames) >= DEEPEST:
            raise Invalid("too_deep", f"JSON is nested more than {DEEPEST} levels deep.")
        self._frames.append(Frame(is_array))

    def _next(self) -> None:
        """Go on to the next item or key."""
        if not self._frames:
            return
        frame = self._frames[-1]
        frame.index, frame.wants_key = frame.index + 1, True
        if frame.index >= MOST_ITEMS and frame.is_array:
            raise TooLarge(
                "too_many_items",
                "A list holds more items than one request may carry.",
                field="".join(str(part) for part in self.path[:1]),
            )

    def _text(self, token: bytes) -> None:
        """Look at a string, which is a key or a value."""
        frame = self._frames[-1] if self._frames else None
        if frame and not frame.is_array and frame.wants_key:
            self._key(frame, token)
        if b"\\u" in token and (fault := _text_fault(token)):
            self._found(fault)

    def _key(self, frame: Frame, token: bytes) -> None:
        """Note a key; the same one twice in an object is a fault."""
        frame.key, frame.wants_key = _plain(token), False
        if frame.key in frame.seen:
            self._found(Fault("repeated_field", f"The field {frame.key!r} is given twice."))
        elif len(frame.seen) < MOST_KEYS:
            frame.seen.add(frame.key)
        elif len(frame.seen) == MOST_KEYS:
            frame.seen.add(frame.key)
            self._found(Fault("too_many_fields", f"An object has more than {MOST_KEYS} fields."))

    def _found(self, fault: Fault) -> None:
        """Note a fault here; a text full of them is refused by the first ones."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append((self.path, fault))


def path_at(body: bytes, offset: int) -> Path:
    """Return the path to the byte at `offset`, also in a text that is broken there."""
    return Walk(body, offset).path


def _text_fault(token: bytes) -> Fault | None:
    """Tell what no database text can hold of a string with escapes: NUL, or half a surrogate pair."""
    if NUL.search(token):
        return Fault("invalid_text", "The NUL character cannot be stored.")
    try:
        msgspec.json.decode(token, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault("invalid_text", "A text holds a broken escape or half a surrogate pair.")
    return None


def _plain(token: bytes) -> str:
    """Return the text of a JSON string, readable at least when it is not valid."""
    if b"\\" in token:
        try:
            return msgspec.json.decode(token, type=str)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    return token.strip(b'"').decode(errors="replace")
