"""Browsers tell what the content security policy stopped; nobody can make a flood or a forged line of it."""

import json
import logging
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.logs import LineFormatter
from apps.core.pace import Pace
from apps.portal.views import csp_report
from tests.accounts.test_requests import behind as behind

pytestmark = pytest.mark.django_db
OLD, NEW = "application/csp-report", "application/reports+json"
VIOLATION = {
    "document-uri": "https://omega.example.test/nodes/?q=secret#part",
    "effective-directive": "script-src-elem",
    "blocked-uri": "https://evil.example/x.js?token=secret",
    "source-file": "https://omega.example.test/static/js/app.js",
    "line-number": 12,
    "disposition": "enforce",
}
MODERN = {
    "documentURL": "https://omega.example.test/nodes/",
    "effectiveDirective": "style-src-attr",
    "blockedURL": "inline",
    "lineNumber": 3,
    "disposition": "enforce",
}


@pytest.fixture(autouse=True)
def fresh_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with nothing counted."""
    monkeypatch.setattr(csp_report, "PACE", Pace(each=30, together=300, seconds=3600))


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    """Return what reads the lines as they are written."""
    caplog.set_level(logging.WARNING, logger=csp_report.__name__)

    def written() -> list[str]:
        ours = [record for record in caplog.records if record.name == csp_report.__name__]
        return [LineFormatter().format(record) for record in ours]

    return written


def send(content: Any, content_type: str = OLD, **headers: str) -> int:
    """Send a report; returns the status."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return client.post("/csp-report/", body, content_type=content_type, headers=headers).status_code


def content_of(line: str) -> dict[str, Any]:
    """Return the structure in a line."""
    found: dict[str, Any] = json.loads(line.partition("csp ")[2])
    return found


def test_report_becomes_one_line_without_what_may_be_private(lines: Any) -> None:
    assert send({"csp-report": VIOLATION}) == 204

    (line,) = lines()
    assert content_of(line) == {
        "directive": "script-src-elem",
        "blocked": "https://evil.example/x.js",
        "page": "https://omega.example.test/nodes/",
        "source": "https://omega.example.test/static/js/app.js",
        "line": 12,
        "disposition": "enforce",
        "from": "127.0.0.1",
    }
    assert "secret" not in line


def test_modern_report_is_read_too_and_other_reports_are_left(lines: Any) -> None:
    reports = [{"type": "deprecation", "body": {}}, {"type": "csp-violation", "body": MODERN}]

    assert send(reports, NEW) == 204
    assert [content_of(line)["directive"] for line in lines()] == ["style-src-attr"]


def test_browsers_are_told_where_to(client: Client) -> None:
    policy = client.get("/sign-in/").headers["Content-Security-Policy"]

    assert "report-uri /csp-report/" in policy
    assert "report-to csp" in policy


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        ({"csp-report": VIOLATION}, "application/json", 415),
        ({"csp-report": VIOLATION}, "text/plain", 415),
        (b" ", OLD, 400),
        (b"{", OLD, 400),
        (b"[" * 15_000, NEW, 400),
        (b"\xff\xfe", OLD, 400),
        (b'{"csp-report": {"line-number": NaN}}', OLD, 400),
        ({"csp-report": "text"}, OLD, 400),
        ({"csp-report": None}, OLD, 400),
        ({}, OLD, 400),
        ([], OLD, 400),
        ([], NEW, 400),
        ({}, NEW, 400),
        ([1, None, {"type": "csp-violation"}], NEW, 400),
        (b'{"csp-report": {"x": "' + b"y" * 16_384 + b'"}}', OLD, 413),
    ],
)
def test_what_is_no_report_is_refused_and_not_logged(content: Any, content_type: str, status: int, lines: Any) -> None:
    assert send(content, content_type) == status
    assert lines() == []


def test_other_methods_are_refused(client: Client) -> None:
    assert client.get("/csp-report/").status_code == 405


def test_control_characters_forge_no_line_and_long_parts_are_cut(lines: Any) -> None:
    forged = "x\r\n2026-01-01 00:00:00,000 INFO omega all is well\x1b[31m\u2028"
    parts = dict.fromkeys(VIOLATION, forged * 20) | {"line-number": 1}
    send({"csp-report": parts})

    (line,) = lines()
    assert line.splitlines() == [line]
    assert "\x1b" not in line
    assert len(line) < 2000


def test_key_in_an_address_is_scrubbed(lines: Any) -> None:
    key = "omi_AbCdEf123456_" + "s" * 43 + "abc123"
    send({"csp-report": {**VIOLATION, "document-uri": f"https://omega.example.test/invitation/{key}/"}})

    (line,) = lines()
    assert "s" * 10 not in line
    assert "omi_***" in line


def test_batch_is_cut_at_ten_lines(lines: Any) -> None:
    send([{"type": "csp-violation", "body": {"effectiveDirective": "x"}}] * 100, NEW)

    assert len(lines()) == csp_report.MOST_REPORTS


def test_one_sender_cannot_fill_the_log(lines: Any) -> None:
    statuses = [send({"csp-report": VIOLATION}) for _ in range(40)]

    assert statuses == [204] * 30 + [429] * 10
    assert len(lines()) == 30


def test_refused_sender_is_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csp_report, "PACE", Pace(each=0, together=0, seconds=60))
    answer = Client().post("/csp-report/", json.dumps({"csp-report": VIOLATION}), content_type=OLD)

    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 61


def test_senders_are_told_apart_by_what_our_proxy_saw(behind: Any) -> None:
    behind(1)
    spoofed = [send({"csp-report": VIOLATION}, **{"X-Forwarded-For": f"10.0.0.{n}, 198.51.100.1"}) for n in range(32)]
    neighbours = [send({"csp-report": VIOLATION}, **{"X-Forwarded-For": f"2001:db8::{n:x}"}) for n in range(32)]

    assert spoofed.count(204) == neighbours.count(204) == 30


def test_nothing_is_asked_of_the_database() -> None:
    with CaptureQueriesContext(connection) as asked:
        send({"csp-report": VIOLATION})

    # The test's own transaction is told who acts; nothing is read or written.
    assert [query["sql"] for query in asked if " FROM " in query["sql"] or " INTO " in query["sql"]] == []
