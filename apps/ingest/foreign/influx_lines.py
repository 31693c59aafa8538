"""Lines of InfluxDB's line protocol, one by one, with where each began. Pure."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from line_protocol_parser import LineFormatError, parse_line

from apps.ingest.faults import Fault

# A text field may hold line breaks; a forgotten quote must not make one line of everything after it.
MOST_JOINED: Final = 50
LONGEST_LINE: Final = 64 * 1024
TOO_LONG: Final = Fault("invalid_line", f"A line has at most {LONGEST_LINE} bytes.")


class Line(NamedTuple):
    """One line as it was understood, or why it was not; numbers count from 1."""

    number: int
    found: dict[str, Any] | Fault


def lines_of(body: bytes) -> Iterator[Line]:
    """Return the lines that say something; empty ones and comments are left out."""
    lines = body.split(b"\n")
    index = 0
    while index < len(lines):
        raw, number = lines[index], index + 1
        index += 1
        if not raw or raw.isspace():
            continue
        found = _parsed(raw)
        if isinstance(found, Fault) and _has_open_quote(raw):
            found, used = _joined(lines, index - 1, found)
            index += used
        if found is not None:
            yield Line(number, found)


def _joined(lines: list[bytes], start: int, alone: Fault) -> tuple[dict[str, Any] | Fault | None, int]:
    """Try a line with those after it, and return what it is and how many it took."""
    text = lines[start]
    for more, following in enumerate(lines[start + 1 : start + 1 + MOST_JOINED], 1):
        text = text + b"\n" + following
        if len(text) > LONGEST_LINE:
            break
        if not _has_open_quote(text):
            found = _parsed(text)
            return (alone, 0) if isinstance(found, Fault) else (found, more)
    return alone, 0


def _has_open_quote(raw: bytes) -> bool:
    """Tell whether a text begins here and does not end."""
    return (raw.count(b'"') - raw.count(b'\\"')) % 2 == 1


def _parsed(raw: bytes) -> dict[str, Any] | Fault | None:
    """Return a line as measurement, tags, fields and time; None for a comment."""
    if len(raw) > LONGEST_LINE:
        return TOO_LONG
    try:
        found: dict[str, Any] | None = parse_line(raw.decode())
    except UnicodeDecodeError:
        return Fault("invalid_line", "The line is not UTF-8 text.")
    except (LineFormatError, ValueError, OverflowError) as error:
        return Fault("invalid_line", f"The line cannot be read: {error}")
    return found
