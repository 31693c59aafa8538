"""Bodies of requests: JSON only, bounded before and after unpacking."""

import zlib
from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework.parsers import BaseParser

from apps.api.refusals import TooLarge, UnsupportedEncoding
from apps.api.strict_json import parse
from apps.core.errors import Invalid

MOST_BYTES: Final = 1024 * 1024
GZIP: Final = 16 + zlib.MAX_WBITS


class StrictJSONParser(BaseParser):
    """Reads a JSON body, plain or gzip; see `strict_json` for what is refused."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the body's value; raises TooLarge, UnsupportedEncoding or Invalid."""
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise _too_large()
        headers = (parser_context or {})["request"].META
        return parse(_unpacked(body, str(headers.get("HTTP_CONTENT_ENCODING", "")).strip().lower()))


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Return the body unpacked; a bomb is noticed at the limit."""
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise UnsupportedEncoding("unsupported_encoding", "Content-Encoding is gzip or none.")
    unpacker = zlib.decompressobj(GZIP)
    try:
        found = unpacker.decompress(body, MOST_BYTES + 1)
    except zlib.error:
        raise Invalid("bad_encoding", "The body is not whole gzip.") from None
    if len(found) > MOST_BYTES:
        raise _too_large()
    if not unpacker.eof:
        raise Invalid("bad_encoding", "The body is not whole gzip.")
    return found


def _too_large() -> TooLarge:
    """Return the refusal of a body above the limit."""
    return TooLarge("too_large", f"A body holds at most {MOST_BYTES} bytes, packed and unpacked.")
