"""Bodies of requests: JSON only, bounded before and after unpacking."""

from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework.parsers import BaseParser

from apps.core.inflate import too_large, unpack
from apps.core.strict_json import parse

MOST_BYTES: Final = 1024 * 1024


class StrictJSONParser(BaseParser):
    """Reads a JSON body, plain or packed; see `strict_json` for what is refused."""

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
            raise too_large(MOST_BYTES)
        headers = (parser_context or {})["request"].META
        return parse(unpack(body, str(headers.get("HTTP_CONTENT_ENCODING", "")), MOST_BYTES))
