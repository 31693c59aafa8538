"""Columns whose content is secret: AES-256-GCM, readable only where it was written.

Kept is `key id (1 byte) | nonce (12) | ciphertext and tag`; the associated data is `table.column`, so a value copied
to another column, or changed by a bit, is refused. Keys come from `FIELD_KEYS`; the first one writes, all of them read.

A row is loaded with its secret still sealed: it is opened when the attribute is asked for, which raises Undecipherable
if it cannot be. A list of rows therefore never fails for one of them, and saving such a row keeps what stands there.
"""

import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from apps.core.errors import Invalid
from apps.core.text import is_storable

NONCE_LENGTH = 12


class Undecipherable(Exception):
    """A kept secret was changed, moved, or written with a key that is no longer configured."""


def encrypt(text: str, place: str) -> bytes:
    """Return a secret as it is kept; `place` is `table.column`. Raises Invalid for what is no text, without it."""
    if not isinstance(text, str) or not is_storable(text):
        raise Invalid("unstorable_text", f"{place}: a secret is text without NUL and halves of characters.")
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


class Sealed:
    """A secret as it came from the database; what it says is only in `open()`."""

    __slots__ = ("kept", "place")

    def __init__(self, kept: bytes, place: str) -> None:
        """Take the bytes of the column and what they are bound to."""
        self.kept, self.place = kept, place

    def __repr__(self) -> str:
        """Show where it stands, nothing of it."""
        return f"<sealed {self.place}>"

    def open(self) -> str:
        """Return the text; raises Undecipherable."""
        return decrypt(self.kept, self.place)

    def sealed_again(self) -> bytes:
        """Return it under the key in use and a fresh nonce; as it is where it cannot be read."""
        try:
            return encrypt(self.open(), self.place)
        except Undecipherable:
            return self.kept


class OpenedOnAccess(DeferredAttribute):
    """The attribute of an encrypted column: keeps what was loaded sealed, and opens it for whoever asks."""

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        """Return the text or None; raises Undecipherable."""
        value = super().__get__(instance, cls)
        return value.open() if isinstance(value, Sealed) else value

    def __set__(self, instance: models.Model, value: Any) -> None:
        """Take a new text, None, or what was loaded."""
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.Field):  # type: ignore[type-arg]
    """Text that stands encrypted in a `bytea` column. Nothing but `isnull` can be asked of it in SQL.

    No form, dump or page shows it by itself: whoever needs it reads the attribute.
    """

    empty_strings_allowed = True
    descriptor_class = OpenedOnAccess

    def get_internal_type(self) -> str:
        """Be kept as bytes."""
        return "BinaryField"

    @property
    def place(self) -> str:
        """What the value is bound to: `table.column`."""
        return f"{self.model._meta.db_table}.{self.column}"

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Take what was loaded as it is, without opening it."""
        value = model_instance.__dict__.get(self.attname)
        return value if isinstance(value, Sealed) else super().pre_save(model_instance, add)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Encrypt; every write takes a fresh nonce."""
        if value is None:
            return None
        kept = value.sealed_again() if isinstance(value, Sealed) else encrypt(value, self.place)
        return connection.Database.Binary(kept)

    def from_db_value(self, value: Any, expression: object, connection: object) -> Sealed | None:
        """Load it sealed."""
        return None if value is None else Sealed(bytes(value), self.place)

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse to compare: two encryptions of one text differ."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def value_from_object(self, obj: models.Model) -> None:
        """Give forms and dumps nothing."""

    def formfield(self, *args: Any, **kwargs: Any) -> None:
        """Be in no form: one that asks for a secret has a field of its own and never fills it in."""
