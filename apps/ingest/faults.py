"""What can be wrong with one piece of a body. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from apps.core.errors import Invalid

LONGEST_FIELD: Final = 100
LONGEST_DETAIL: Final = 300
UNPRINTABLE: Final = re.compile(r"[^ -~]")
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A stable code, a sentence, and the field it concerns; text is cut and made printable, as senders choose it."""

    code: str
    detail: str
    field: str | None = None

    def __post_init__(self) -> None:
        """Keep what is echoed short and printable: it goes into answers, receipts and logs."""
        object.__setattr__(self, "detail", printable(self.detail, LONGEST_DETAIL))
        if self.field is not None:
            object.__setattr__(self, "field", printable(self.field, LONGEST_FIELD))


class Rejection(Struct, omit_defaults=True, frozen=True):
    """One item that was not taken, by its place in its list."""

    index: int
    code: str
    detail: str
    field: str | None = None
    list: str | None = None


def rejection(fault: Fault, index: int, listed_in: str) -> Rejection:
    """Return the rejection of an item for a fault."""
    return Rejection(index, fault.code, fault.detail, fault.field, listed_in)


def refusal(fault: Fault, path: Path) -> Invalid:
    """Return the error that refuses a whole body: index and field say where in it the fault lies."""
    index = next((part for part in path if isinstance(part, int)), None)
    field = fault.field or printable(field_name(path), LONGEST_FIELD) or None
    return Invalid(fault.code, fault.detail, field=field, index=index)


def field_name(path: Path) -> str:
    """Return the field a path leads to: dotted, from the list item down where there is one."""
    after = next((at + 1 for at, part in enumerate(path) if isinstance(part, int)), 0)
    names = [str(part) for part in path[after:]] or [str(part) for part in path if isinstance(part, str)]
    return ".".join(names)


def printable(text: str, longest: int) -> str:
    """Return the beginning of a text with anything but plain ASCII characters replaced."""
    return UNPRINTABLE.sub("?", text[:longest])
