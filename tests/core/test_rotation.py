"""Keys of encrypted columns are changed while the portal runs; afterwards the old key can be dropped."""

import io
import os
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings

from apps.accounts.models import WebSession
from apps.core import rotation
from apps.core.rotation import encrypted_columns
from tests.core.test_secrets import ONE, SECRET, TWO, kept, loaded, put, session, use_keys

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few rows be several batches."""
    monkeypatch.setattr(rotation, "BATCH", 3)


def rotate(**options: Any) -> tuple[str, str]:
    """Run the command; returns what it says and what it complains about."""
    out, err = io.StringIO(), io.StringIO()
    call_command("rotate_field_keys", stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def refused(**options: Any) -> tuple[str, str, str]:
    """Run the command where it must fail; returns output, complaints and the last word."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("rotate_field_keys", stdout=out, stderr=err, **options)
    assert error.value.returncode == 1
    return out.getvalue(), err.getvalue(), str(error.value)


def test_old_key_can_be_dropped_once_everything_has_moved(settings: Settings) -> None:
    use_keys(settings, 1, k1=ONE)
    rows = [session(refresh_token=f"token {number}", id_token=SECRET) for number in range(8)]
    empty = session()
    use_keys(settings, 2, k2=TWO, k1=ONE)
    newer = session(refresh_token="written after the change")
    before = kept(newer)
    told, _ = rotate()
    use_keys(settings, 2, k2=TWO)

    assert "web_sessions.refresh_token: 9 kept, 8 moved of 8 old, 0 unreadable, 0 left; key in use: 2" in told
    assert [loaded(row).refresh_token for row in rows] == [f"token {number}" for number in range(8)]
    assert {loaded(row).id_token for row in rows} == {SECRET}
    assert (kept(newer), kept(empty)) == (before, None)


def test_run_after_a_finished_one_writes_nothing(settings: Settings) -> None:
    use_keys(settings, 1, k1=ONE)
    row = session(refresh_token=SECRET)
    use_keys(settings, 2, k2=TWO, k1=ONE)
    rotate()
    before = kept(row)
    told, _ = rotate()

    assert "0 moved of 0 old" in told
    assert kept(row) == before


def test_rows_that_cannot_be_read_are_named_left_alone_and_hold_up_nobody(settings: Settings) -> None:
    use_keys(settings, 3, k3=os.urandom(32))
    lost = session(refresh_token=SECRET)
    use_keys(settings, 1, k1=ONE)
    rows = [session(refresh_token=SECRET) for _ in range(7)]
    blank = session()
    put(rows[2], before := (kept(rows[2]) or b"")[:-1] + b"x")
    put(blank, b"")
    use_keys(settings, 2, k2=TWO, k1=ONE)
    told, complaints, last = refused()

    assert "9 kept, 6 moved of 9 old, 3 unreadable, 0 left" in told
    assert f"row {lost.pk}: web_sessions.refresh_token: written with key 3" in complaints
    assert f"row {rows[2].pk}: web_sessions.refresh_token: the kept value is not what was written" in complaints
    assert f"row {blank.pk}: " in complaints
    assert "3 kept values" in last
    assert SECRET not in told + complaints + last
    assert kept(rows[2]) == before
    assert {(kept(row) or b"")[0] for row in rows if row != rows[2]} == {2}


def test_cut_off_run_is_finished_by_the_next(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    use_keys(settings, 1, k1=ONE)
    rows = [session(refresh_token=SECRET) for _ in range(8)]
    use_keys(settings, 2, k2=TWO, k1=ONE)
    column = next(column for column in encrypted_columns() if column.place == "web_sessions.refresh_token")

    def pull_the_plug(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(column, using="owner", progress=pull_the_plug)
    halfway = [(kept(row) or b"")[0] for row in rows]
    told, _ = rotate()

    assert sorted(halfway) == [1] * 5 + [2] * 3
    assert "5 moved of 5 old" in told
    assert {(kept(row) or b"")[0] for row in rows} == {2}


def meanwhile(write: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let somebody write once, after a batch was read and before it is replaced."""
    writes = iter([write])

    def encrypt_late(text: str, place: str, original: Callable[[str, str], bytes] = rotation.encrypt) -> bytes:
        for due in writes:
            due()
        return original(text, place)

    monkeypatch.setattr(rotation, "encrypt", encrypt_late)


def test_newer_value_of_a_writer_is_never_overwritten(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    use_keys(settings, 1, k1=ONE)
    rows = [session(refresh_token=SECRET) for _ in range(3)]
    use_keys(settings, 2, k2=TWO, k1=ONE)
    meanwhile(lambda: WebSession.objects.filter(pk=rows[1].pk).update(refresh_token="newer"), monkeypatch)
    told, _ = rotate()

    assert "2 moved of 3 old, 0 unreadable, 0 left" in told
    assert [loaded(row).refresh_token for row in rows] == [SECRET, "newer", SECRET]


def test_value_written_meanwhile_with_the_old_key_is_moved_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_keys(settings, 1, k1=ONE)
    rows = [session(refresh_token=SECRET) for _ in range(3)]
    late = rotation.encrypt("from a process not restarted yet", "web_sessions.refresh_token")
    use_keys(settings, 2, k2=TWO, k1=ONE)
    meanwhile(lambda: put(rows[1], late), monkeypatch)
    rotate()
    use_keys(settings, 2, k2=TWO)

    assert loaded(rows[1]).refresh_token == "from a process not restarted yet"


def test_look_reads_what_is_new_too_and_writes_nothing(settings: Settings) -> None:
    use_keys(settings, 1, k1=ONE)
    rows = [session(refresh_token=SECRET) for _ in range(4)]
    put(rows[0], (kept(rows[0]) or b"")[:-1] + b"x")
    before = [kept(row) for row in rows]
    told, complaints, _ = refused(verify=True)

    assert f"row {rows[0].pk}: " in complaints
    assert "4 kept, 4 read, 1 unreadable" in told
    assert [kept(row) for row in rows] == before


def test_every_encrypted_column_of_the_database_is_found() -> None:
    places = {column.place for column in encrypted_columns()}
    bytea = "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE data_type = 'bytea'"
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"{bytea} AND table_schema = 'public'")
        in_the_database = {row[0] for row in cursor.fetchall()}

    assert {"web_sessions.refresh_token", "web_sessions.id_token"} <= places <= in_the_database
