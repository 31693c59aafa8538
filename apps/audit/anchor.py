"""Lines of the anchor file: one seal each, as JSON, signed. Reads files; knows no database."""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from apps.audit.rules import SealHead

TAIL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Anchored:
    """What a line says: the seal and its root, and whether the signature is ours."""

    seal: int
    root: str
    is_signed: bool


def anchor_key(secret: str) -> bytes:
    """Return the key that signs lines; it follows from SECRET_KEY."""
    return hmac.new(secret.encode(), b"omega audit anchor", hashlib.sha256).digest()


def anchor_line(head: SealHead, root: bytes, key: bytes) -> str:
    """Return the line of a seal."""
    numbers = asdict(head) | {"sealed_at": head.sealed_at.isoformat(), "previous_root": head.previous_root.hex()}
    content = {"seal": numbers.pop("id"), **numbers, "root": root.hex()}
    return json.dumps(content | {"mac": _mac(content, key)}) + "\n"


def read_anchors(path: Path, key: bytes) -> Iterator[tuple[int, Anchored | None]]:
    """Return (line number, what it says) of a file; None for a line that is no anchor."""
    with path.open(encoding="utf8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            yield number, _parsed(line, key)


def last_anchored(path: Path, key: bytes) -> int:
    """Return the newest seal in a file, 0 where there is none; only whole lines with our signature count."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return max((said.seal for line in lines if (said := _parsed(line, key)) and said.is_signed), default=0)


def _parsed(line: str, key: bytes) -> Anchored | None:
    """Return what a line says."""
    try:
        content = json.loads(line)
        mac = content.pop("mac")
        return Anchored(int(content["seal"]), str(content["root"]), hmac.compare_digest(_mac(content, key), str(mac)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _mac(content: dict[str, object], key: bytes) -> str:
    """Return the signature of a line's content."""
    return hmac.new(key, json.dumps(content, sort_keys=True).encode(), hashlib.sha256).hexdigest()
