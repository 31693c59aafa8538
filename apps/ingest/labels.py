"""Labels of a sample: few, short, each once. Pure; the same bytes are judged once."""

import json
import re
from typing import Any, Final

from apps.ingest.faults import Fault
from apps.ingest.remembered import remembered

MOST: Final = 20
LONGEST_VALUE: Final = 255
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/\-]{0,62}")
# All labels are part of an index entry, which PostgreSQL limits to about 2,700 bytes.
LONGEST_TEXT: Final = 1500
LONGEST_WIRE: Final = 4 * LONGEST_TEXT


class _RepeatedError(ValueError):
    """A name is given twice."""


@remembered(4096, lambda raw: len(raw))
def labels_of(raw: bytes) -> str | Fault:
    """Return the labels as JSON with sorted names, the same for the same labels; or say what is wrong."""
    if raw in (b"null", b"{}"):
        return "{}"
    if len(raw) > LONGEST_WIRE:
        return _fault(f"All labels together are at most {LONGEST_TEXT} bytes.")
    try:
        found = json.loads(raw, object_pairs_hook=_once)
    except _RepeatedError as error:
        return Fault("repeated_field", f"The label {str(error)!r} is given twice.", "labels")
    except (ValueError, RecursionError):
        return _fault("Labels are an object of texts.")
    return judge_labels(found)


def judge_labels(found: Any) -> str | Fault:
    """Return decoded labels as JSON with sorted names, or say what is wrong."""
    if not isinstance(found, dict) or len(found) > MOST:
        return _fault(f"Labels are an object of at most {MOST} texts.")
    for name, value in found.items():
        if not NAME.fullmatch(name):
            return _fault("A label's name is 1 to 63 of letters, digits and _ . : / -")
        if not isinstance(value, str) or len(value) > LONGEST_VALUE or not _is_storable(value):
            return _fault(f"The label {name!r} is not a text of at most {LONGEST_VALUE} characters.")
    text = json.dumps(found, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > LONGEST_TEXT:
        return _fault(f"All labels together are at most {LONGEST_TEXT} bytes.")
    return text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs, refusing a name that comes twice."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _RepeatedError(name)
        found[name] = value
    return found


def _is_storable(text: str) -> bool:
    """Tell whether the database can hold a text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _fault(detail: str) -> Fault:
    """Return a fault of the labels."""
    return Fault("invalid_value", detail, "labels")
