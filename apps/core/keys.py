"""The text of keys, `<prefix>_<key id>_<secret><checksum>`: for agents, enrolment, programs, invitations. Pure.

The secret is 256 random bits as base64url (43 characters), the checksum is the CRC-32 of everything before it
as six base62 digits. It shows a mistyped or invented key without asking the database; what is kept of a key is
its id and the SHA-256 digest of the secret's text.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from typing import Final

AGENT_KEY: Final = "omg"
ENROLMENT_TOKEN: Final = "ome"  # noqa: S105
PERSONAL_TOKEN: Final = "omp"  # noqa: S105
INVITATION: Final = "omi"
KEY_ID_LENGTH: Final = 12
ALPHANUMERIC: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHECKSUM_LENGTH: Final = 6
SHAPE: Final = re.compile(
    r"(?P<body>(?P<prefix>[a-z]{3})_(?P<key_id>[A-Za-z0-9]{12})_(?P<secret>[A-Za-z0-9_-]{43}))(?P<sum>[A-Za-z0-9]{6})"
)


@dataclass(frozen=True, slots=True)
class KeyText:
    """A new key: the text is shown once, id and digest are kept."""

    text: str = field(repr=False)
    key_id: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """What a presented key claims: the id to look up, and the digest to compare with the one kept."""

    key_id: str
    digest: bytes = field(repr=False)


def new_key(prefix: str) -> KeyText:
    """Return a fresh key; `prefix` is one of the four above."""
    key_id = "".join(secrets.choice(ALPHANUMERIC) for _ in range(KEY_ID_LENGTH))
    secret = secrets.token_urlsafe(32)
    body = f"{prefix}_{key_id}_{secret}"
    return KeyText(body + _checksum(body), key_id, _digest(secret))


def parse(text: str, prefix: str) -> ParsedKey | None:
    """Take a presented key apart; None when it is not one of ours, whatever the reason."""
    found = SHAPE.fullmatch(text)
    if found is None or found["prefix"] != prefix or found["sum"] != _checksum(found["body"]):
        return None
    return ParsedKey(found["key_id"], _digest(found["secret"]))


def digests_match(presented: bytes, kept: bytes) -> bool:
    """Compare two digests in a time that tells nothing about where they differ."""
    return hmac.compare_digest(presented, kept)


def _digest(secret: str) -> bytes:
    """Return the 32 bytes that are kept of a secret."""
    return hashlib.sha256(secret.encode("ascii")).digest()


def _checksum(body: str) -> str:
    """Return the CRC-32 of `body` as six base62 digits, most significant first."""
    rest, digits = zlib.crc32(body.encode("ascii")), ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHANUMERIC))
        digits = ALPHANUMERIC[digit] + digits
    return digits
