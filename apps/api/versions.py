"""Rows that several people edit: their version is the ETag, and a write names the one it read in If-Match."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import Conflict, Invalid, PortalError

VERSION: Final = re.compile(r'"([0-9]{1,9})"')
IF_MATCH: Final = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True, pattern=r'^"[0-9]{1,9}"$',
    description="The ETag of the row as it was read.",
)  # fmt: skip


class Versioned(Protocol):
    """A row that counts its changes."""

    version: int


class PreconditionRequired(PortalError):
    """A write did not say which version it is about."""

    status = 428


class PreconditionFailed(PortalError):
    """Somebody changed the row since it was read."""

    status = 412


def version_read(request: Request) -> int:
    """Return the version that If-Match names; raises PreconditionRequired without one, Invalid for a damaged one."""
    given = version_if_given(request)
    if given is None:
        raise PreconditionRequired("if_match_required", "Send the ETag of what you read in the header If-Match.")
    return given


def version_if_given(request: Request) -> int | None:
    """Return the version that If-Match names, None without the header; raises Invalid for a damaged one."""
    text = request.headers.get("If-Match")
    if text is None:
        return None
    found = VERSION.fullmatch(text.strip())
    if found is None:
        raise Invalid("bad_etag", 'If-Match takes one ETag, such as "3".', field="If-Match")
    return int(found[1])


@contextmanager
def told_if_stale() -> Iterator[None]:
    """Turn the Conflict of a row that changed meanwhile into the 412 of If-Match."""
    try:
        yield
    except Conflict as refusal:
        if refusal.code != "changed_meanwhile":
            raise
        raise PreconditionFailed(refusal.code, refusal.detail) from None


def tagged(row: Versioned, answer: Response) -> Response:
    """Give an answer the ETag of its row."""
    answer["ETag"] = f'"{row.version}"'
    return answer
