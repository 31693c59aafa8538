"""Answers as JSON, fast and always valid: what is not a finite number becomes null."""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer


def _plain(value: Any) -> Any:
    """Turn what the encoder does not know into something it does."""
    if isinstance(value, Promise | str):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode


class JSONRenderer(BaseRenderer):
    """UTF-8 JSON; times are RFC 3339 with their offset."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """Return the body; empty for an answer without content."""
        return b"" if data is None else _encode(data)
