"""Tables kept as text beside the tests: a change of them is a change somebody must mean."""

import os
from collections.abc import Iterable
from pathlib import Path


def assert_golden(path: Path, lines: Iterable[str]) -> None:
    """Compare lines with a kept file; with WRITE_GOLDEN=1 in the environment write it anew, to be read in the diff."""
    found = list(lines)
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text("\n".join(found) + "\n", encoding="utf8")
    kept = path.read_text(encoding="utf8").splitlines()
    gone, come = [line for line in kept if line not in found], [line for line in found if line not in kept]
    assert (gone, come) == ([], []), f"{path.name} differs; if this is meant, run again with WRITE_GOLDEN=1"
