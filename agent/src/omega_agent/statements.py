"""Loads the agent's named SQL statements."""

import re
from pathlib import Path

FOLDER = Path(__file__).with_name("sql")


def load_statements(name: str) -> dict[str, str]:
    """Statements of one file by the name in their `-- name:` line."""
    parts = re.split(r"^-- name: (\w+)\n", (FOLDER / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {parts[at]: parts[at + 1].strip() for at in range(1, len(parts), 2)}


SCHEMA = (FOLDER / "schema.sql").read_text(encoding="utf-8")
SPOOL = load_statements("spool.sql")
