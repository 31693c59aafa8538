"""The keys of encrypted columns."""

import base64
import binascii

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from omega_portal.settings.config import Config

KEY_BYTES = 32
DERIVED = 0


def field_keys(config: Config) -> tuple[dict[int, bytes], int]:
    """Return every key by its number and the number that writes; raises ValueError naming the entry.

    The key derived from SECRET_KEY stays readable when FIELD_KEYS is set later, so that one can move on from it.
    """
    keys = {DERIVED: _derived(config)}
    given = config.field_keys.get_secret_value() if config.field_keys else ""
    listed = [_entry(text) for text in given.split(",") if text.strip()]
    if len({number for number, _ in listed}) != len(listed):
        raise ValueError("FIELD_KEYS: two keys have the same number")
    keys.update(listed)
    return keys, listed[0][0] if listed else DERIVED


def _derived(config: Config) -> bytes:
    """Return the key that follows from SECRET_KEY."""
    secret = config.secret_key.get_secret_value().encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"omega encrypted columns").derive(secret)


def _entry(text: str) -> tuple[int, bytes]:
    """Return number and key of one entry; the error shows the number at most."""
    number, _, encoded = text.strip().partition(":")
    if not number.isdigit() or not 1 <= int(number) <= 255:
        raise ValueError("FIELD_KEYS: each entry is number:base64, with a number from 1 to 255")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"FIELD_KEYS: key {number} is not the base64 of {KEY_BYTES} bytes")
    return int(number), key
