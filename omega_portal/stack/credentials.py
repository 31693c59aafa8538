"""Secrets generated once per installation and kept in files only their owner can read."""

import secrets

from omega_portal.stack.files import write_whole
from omega_portal.stack.places import Place


def secret(place: Place, name: str, length: int = 32) -> str:
    """Return the installation's secret `name`, made on first use; `length` counts bytes of randomness."""
    path = place.secrets / name
    if not path.is_file() or not path.read_text(encoding="utf-8").strip():
        write_whole(path, secrets.token_urlsafe(length) + "\n", mode=0o600)
    return path.read_text(encoding="utf-8").strip()
