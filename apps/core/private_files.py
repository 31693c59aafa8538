"""Files that only their owner can read."""

import os
from pathlib import Path


def write_secret(path: Path, text: str) -> None:
    """Write one line to a file that only its owner can read, also where the file was there before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf8") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text + "\n")
