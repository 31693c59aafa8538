"""Where browsers tell what the content security policy stopped: a line in the log, nothing is stored."""

import json
import logging
import time
from collections.abc import Iterator
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.accounts.requests import sender
from apps.core.address import network_of
from apps.core.errors import Invalid, Throttled, TooLarge, UnsupportedEncoding
from apps.core.pace import Pace
from apps.core.strict_json import parse

log = logging.getLogger(__name__)
MOST_BYTES: Final = 16 * 1024
MOST_REPORTS: Final = 10
LONGEST: Final = 200
PACE: Final = Pace(each=30, together=300, seconds=60)
# What is kept, by its name in a browser's own report and in one of the Reporting API.
PARTS: Final = {
    "directive": ("effective-directive", "effectiveDirective"),
    "blocked": ("blocked-uri", "blockedURL"),
    "page": ("document-uri", "documentURL"),
    "source": ("source-file", "sourceFile"),
    "line": ("line-number", "lineNumber"),
    "disposition": ("disposition", "disposition"),
}


@csrf_exempt
@transaction.non_atomic_requests
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log each reported violation on one line. Raises TooLarge, Throttled, UnsupportedEncoding or Invalid."""
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise TooLarge("too_large", f"A report holds at most {MOST_BYTES} bytes.")
    now, address = time.monotonic(), network_of(sender(request))
    if not PACE.allows(address, now):
        raise Throttled("throttled", "Too many reports.", retry_after=PACE.seconds_left(now))
    for report in reports_in(request.content_type or "", body):
        log.warning("csp %s", json.dumps({**report, "from": address}))
    return HttpResponse(status=204)


def reports_in(content_type: str, body: bytes) -> list[dict[str, str | int]]:
    """Return the violations that a body reports, at most ten; raises UnsupportedEncoding or Invalid."""
    if content_type == "application/csp-report":
        found = parse(body)
        whole = [found.get("csp-report")] if isinstance(found, dict) else []
    elif content_type == "application/reports+json":
        whole = list(_violations(parse(body)))
    else:
        raise UnsupportedEncoding("unsupported_media_type", "Reports of browsers are taken, nothing else.")
    read = [_read(report) for report in whole[:MOST_REPORTS] if isinstance(report, dict)]
    if not read:
        raise Invalid("no_report", "The body holds no report of a violation.")
    return read


def _violations(reports: Any) -> Iterator[Any]:
    """Yield the violations among the reports of a browser."""
    for report in reports if isinstance(reports, list) else []:
        if isinstance(report, dict) and report.get("type") == "csp-violation":
            yield report.get("body")


def _read(report: dict[str, Any]) -> dict[str, str | int]:
    """Return the parts worth a line; addresses without what comes after `?`, which may be private."""
    found: dict[str, str | int] = {}
    for name, places in PARTS.items():
        value = next((report[place] for place in places if place in report), None)
        if isinstance(value, str):
            found[name] = value.partition("?")[0].partition("#")[0][:LONGEST]
        elif isinstance(value, int):
            found[name] = value
    return found
