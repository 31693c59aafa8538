"""Files that other programs read while we write them: always whole, never half."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omega_portal.stack.console import say


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace `path` by `text` in one step; a reader sees the old or the new content, never a mixture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            os.fchmod(stream.fileno(), mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: object, mode: int = 0o644) -> None:
    """Replace `path` by `value` as indented JSON in one step."""
    write_whole(path, json.dumps(value, indent=2) + "\n", mode)


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`, or an empty one when it is missing or unreadable."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file `path` for the block; a second caller waits, and a crash releases it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another run holds {path}; waiting for it")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
