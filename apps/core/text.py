"""What PostgreSQL can hold as text. Pure."""

import re
from collections.abc import Iterable

# NUL, and halves of surrogate pairs: refused anywhere, also inside JSON.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Tell whether the database can hold a text as it is."""
    return UNSTORABLE.search(text) is None


def are_storable(values: Iterable[object]) -> bool:
    """Tell whether every text among the values is storable; one that is not equals nothing that is stored."""
    return all(is_storable(value) for value in values if isinstance(value, str))


def storable(text: str) -> str:
    """Return a text with a replacement mark for each character that the database refuses."""
    return UNSTORABLE.sub("\ufffd", text)
