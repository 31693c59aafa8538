"""A log line is one line, and holds no key."""

import logging
import re
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.keys import new_key
from apps.core.logs import LineFormatter

START = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ ")


def line(message: str, *args: object, exc_info: object = None) -> str:
    """Return a record as it is written."""
    record = logging.LogRecord("omega", logging.WARNING, __file__, 1, message, args, exc_info)  # type: ignore[arg-type]
    return LineFormatter().format(record)


@pytest.mark.parametrize("prefix", ["omg", "ome"])
def test_keys_and_tokens_are_scrubbed_wherever_they_stand(prefix: str) -> None:
    key = new_key(prefix)

    written = line("refused %s (Bearer %s) key=%s", key.text, key.text, f'"{key.text}"')

    assert key.text not in written
    assert key.text[20:] not in written
    assert written.count("***") == 3


def test_key_inside_a_traceback_is_scrubbed() -> None:
    key = new_key("omg")
    try:
        raise ValueError(f"bad key {key.text}")
    except ValueError:
        written = line("trouble", exc_info=sys.exc_info())

    assert "ValueError: bad key omg_***" in written
    assert key.text not in written


@given(st.text())
def test_message_from_outside_stays_on_one_line(text: str) -> None:
    written = line("host said %s", text)

    assert written.splitlines() == [written]
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]", written)


def test_line_break_in_a_message_cannot_forge_a_record() -> None:
    written = line("hostname %s", "x\n2026-01-01 00:00:00,000 INFO omega all is well")

    assert written.endswith(r"hostname x\x0a2026-01-01 00:00:00,000 INFO omega all is well")


def test_line_break_in_an_error_cannot_forge_a_record() -> None:
    try:
        raise ValueError("x\n2026-01-01 00:00:00,000 INFO omega all is well")
    except ValueError:
        written = line("trouble", exc_info=sys.exc_info())

    assert "Traceback" in written
    assert [bool(START.match(each)) for each in written.splitlines()] == [True] + [False] * (written.count("\n"))


def test_times_are_utc_wherever_the_server_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        written = line("hello")
    finally:
        monkeypatch.undo()
        time.tzset()

    assert written[:16] in {f"{datetime.now(UTC) - timedelta(seconds=s):%F %H:%M}" for s in (0, 60)}
