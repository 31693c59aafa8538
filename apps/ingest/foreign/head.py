"""The head of a foreign request, and the forms an answer takes. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

from apps.core.errors import PortalError

LONGEST_AGENT = 50


class UnsupportedType(PortalError):
    """The content is of a type that is not taken at this address."""

    status = 415


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a request before its body."""

    path: str
    query: str
    headers: dict[bytes, bytes]
    now: datetime

    def header(self, name: str) -> str:
        """Return a header's text, empty when it is not there."""
        return self.headers.get(name.encode(), b"").decode("latin1").strip()

    @property
    def media_type(self) -> str:
        """Return the type of the content without its parameters, in small letters."""
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def parameters(self) -> dict[str, str]:
        """Return what follows the question mark; of a name given twice the last value."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def sender(self) -> str | None:
        """Return what the collector calls itself, as far as that can be shown."""
        words = "".join(letter for letter in self.header("user-agent") if " " <= letter <= "~")
        return words[:LONGEST_AGENT] or None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in a protocol's own form."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
