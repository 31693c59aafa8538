"""Columns whose content is secret: AES-256-GCM, readable only where it was written.

Kept is `key id (1 byte) | nonce (12) | ciphertext and tag`; the associated data is `table.column`, so a value copied
to another column, or changed by a bit, is refused. Keys come from `FIELD_KEYS`; the first one writes, all of them read.
"""

import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django import forms
from django.conf import settings
from django.db import models

NONCE_LENGTH = 12


class Undecipherable(Exception):
    """A kept secret was changed, moved, or written with a key that is no longer configured."""


def encrypt(text: str, place: str) -> bytes:
    """Return a secret as it is kept; `place` is `table.column`."""
    key_id, keys = settings.FIELD_KEY_IN_USE, settings.FIELD_KEYS
    nonce = os.urandom(NONCE_LENGTH)
    return bytes([key_id]) + nonce + AESGCM(keys[key_id]).encrypt(nonce, text.encode(), place.encode())


def decrypt(kept: bytes, place: str) -> str:
    """Return the text of a kept secret; raises Undecipherable naming the place, never the content."""
    key = settings.FIELD_KEYS.get(kept[0]) if kept else None
    if key is None:
        raise Undecipherable(f"{place}: written with key {kept[0] if kept else '?'}, which FIELD_KEYS does not hold")
    nonce, rest = kept[1 : 1 + NONCE_LENGTH], kept[1 + NONCE_LENGTH :]
    try:
        return AESGCM(key).decrypt(nonce, rest, place.encode()).decode()
    except (InvalidTag, ValueError):
        raise Undecipherable(f"{place}: the kept value is not what was written there") from None


def key_of(kept: bytes) -> int:
    """Return the id of the key a secret was written with."""
    return kept[0]


class EncryptedTextField(models.Field):  # type: ignore[type-arg]
    """Text that stands encrypted in a `bytea` column. Nothing but `isnull` can be asked of it in SQL."""

    empty_strings_allowed = True

    def get_internal_type(self) -> str:
        """Be kept as bytes."""
        return "BinaryField"

    @property
    def place(self) -> str:
        """What the value is bound to: `table.column`."""
        return f"{self.model._meta.db_table}.{self.column}"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Encrypt; every write takes a fresh nonce."""
        return None if value is None else connection.Database.Binary(encrypt(str(value), self.place))

    def from_db_value(self, value: Any, expression: object, connection: object) -> str | None:
        """Decrypt."""
        return None if value is None else decrypt(bytes(value), self.place)

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse to compare: two encryptions of one text differ."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def formfield(self, **kwargs: Any) -> Any:
        """Ask for it as text."""
        return super().formfield(**{"form_class": forms.CharField, **kwargs})
