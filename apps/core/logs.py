"""Log lines that stay one line: control characters from the outside are escaped, keys are scrubbed."""

import logging
import re
import time
from typing import Any

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
SECRET = re.compile(r"\b(om[a-z])_[A-Za-z0-9]+_[A-Za-z0-9_\-]{8,}")
INDENT = "    "


class LineFormatter(logging.Formatter):
    """`time level logger message`; a traceback stands below, indented, so that none of it looks like a record."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        """Fix the layout; times are UTC."""
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Return the record's one line."""
        return _clean(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        """Return the traceback, every line of it indented."""
        return "\n".join(INDENT + _clean(line) for line in super().formatException(ei).split("\n"))


class WithoutTraceback(logging.Filter):
    """Keeps a record to its line: for what strangers can cause at will, and is no fault of the program."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything through, without its traceback."""
        record.exc_info = None
        return True


def _clean(line: str) -> str:
    """Scrub keys and write control characters as their codes."""
    return CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", SECRET.sub(r"\1_***", line))
