"""Unpacking bodies without ever holding more than the limit: a bomb costs no more memory than an honest body. Pure."""

import zlib
from typing import Final

import cramjam

from apps.core.errors import Invalid, TooLarge, UnsupportedEncoding

GZIP: Final = 16 + zlib.MAX_WBITS
# Each member costs a copy of all that follows it, so a body of a million empty ones must not be walked through.
MOST_MEMBERS: Final = 16
OVERFLOWS: Final = ("whole buffer", "Dst", "dst")


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """Return the unpacked body; raises TooLarge above `limit` bytes, UnsupportedEncoding or Invalid."""
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _gunzip(body, limit)
        case "zstd":
            return _unzstd(body, limit)
        case "snappy":
            return _unsnappy(body, limit)
    raise UnsupportedEncoding("unsupported_encoding", "Content-Encoding is gzip, zstd, snappy or none.")


def too_large(limit: int) -> TooLarge:
    """Return the refusal of a body above the limit."""
    return TooLarge("too_large", f"A body holds at most {limit} bytes, packed and unpacked.")


def _gunzip(body: bytes, limit: int) -> bytes:
    """Unpack gzip of a few members."""
    parts: list[bytes] = []
    room = limit + 1
    while body and room > 0:
        if len(parts) == MOST_MEMBERS:
            raise Invalid("bad_encoding", f"A gzip body has at most {MOST_MEMBERS} members.")
        unpacker = zlib.decompressobj(GZIP)
        try:
            part = unpacker.decompress(body, room)
        except zlib.error:
            raise _broken("gzip") from None
        room -= len(part)
        parts.append(part)
        if room > 0 and not unpacker.eof:
            raise _broken("gzip")
        body = unpacker.unused_data
    if room <= 0:
        raise too_large(limit)
    return b"".join(parts)


def _unzstd(body: bytes, limit: int) -> bytes:
    """Unpack zstd into a buffer one byte larger than the limit; what does not fit is too large."""
    room = bytearray(limit + 1)
    try:
        size = cramjam.zstd.decompress_into(body, room)
    except cramjam.DecompressionError as error:
        if any(word in str(error) for word in OVERFLOWS):
            raise too_large(limit) from None
        raise _broken("zstd") from None
    if size > limit:
        raise too_large(limit)
    return bytes(memoryview(room)[:size])


def _unsnappy(body: bytes, limit: int) -> bytes:
    """Unpack one snappy block; its first bytes claim a size of up to 4 GiB, so the claim is judged before it is met."""
    try:
        if cramjam.snappy.decompress_raw_len(body) > limit:
            raise too_large(limit)
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError:
        raise _broken("snappy") from None


def _broken(encoding: str) -> Invalid:
    """Return the refusal of a body that does not unpack."""
    return Invalid("bad_encoding", f"The body is not whole {encoding}.")
