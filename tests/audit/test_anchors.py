"""Each seal stands in a file outside the database too, so that a cut-off end is found."""

from pathlib import Path

import pytest
from django.conf import settings

from apps.audit.anchor import anchor_key, read_anchors
from apps.audit.models import AuditSeal, AuditSealMark
from apps.audit.selectors.check import Finding, check_anchors, missing_end
from apps.audit.services import write_anchors
from tests.audit.conftest import Tamper, findings, seal_all, write

pytestmark = pytest.mark.data_layer


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configured anchor file, not there yet."""
    path = tmp_path / "anchors" / "audit.jsonl"
    given = settings.OMEGA.model_copy(update={"audit_anchor_file": str(path)})
    monkeypatch.setattr(settings, "OMEGA", given)
    return path


def anchored(path: Path) -> list[int]:
    """Return the seals in a file, in the order of its lines."""
    return [said.seal for _, said in read_anchors(path, anchor_key(settings.SECRET_KEY)) if said]


def compared(path: Path) -> list[Finding]:
    """Return what a comparison finds."""
    return list(check_anchors(path, anchor_key(settings.SECRET_KEY)))


def test_each_seal_is_written_once_and_signed(worker: None, file: Path) -> None:
    write(4)
    seal_all()
    first = write_anchors()
    write(4)
    seal_all()

    assert (write_anchors() > 0, write_anchors()) == (True, 0)
    assert first > 0
    assert anchored(file) == list(AuditSeal.objects.order_by("id").values_list("id", flat=True))
    assert compared(file) == []
    assert settings.SECRET_KEY not in file.read_text()


def test_line_missed_in_a_crash_is_written_by_the_next_run(worker: None, file: Path) -> None:
    """The crash came after the seals were committed, and in the middle of a line."""
    write(7)
    seal_all()
    write_anchors()
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:-1]) + lines[-1][:40])
    AuditSealMark.objects.update(anchored_id=len(lines) - 1)

    assert write_anchors() == 1
    assert anchored(file) == list(range(1, len(lines) + 1))
    assert compared(file) == []


def test_without_a_file_nothing_is_written(worker: None) -> None:
    write(1)
    seal_all()
    assert write_anchors() == 0


def test_cut_off_end_is_found_by_the_file(tamper: Tamper, file: Path) -> None:
    """Nothing in the database tells: entries and seals are gone, and the sealer's note was set back."""
    write(7)
    seal_all()
    write_anchors()
    last = AuditSeal.objects.latest("id")
    tamper("DELETE FROM audit_logs WHERE id >= %s", last.first_id)
    tamper("DELETE FROM audit_seals WHERE id = %s", last.id)
    noted = [str(found) for found in missing_end()]
    tamper("UPDATE audit_seal_mark SET anchored_id = %s", last.id - 1)

    assert noted == [f"the newest seals are gone: there were {last.id}, the last one now is {last.id - 1}"]
    assert (findings(), list(missing_end())) == ([], [])
    assert [str(found) for found in compared(file)] == [
        f"seal {last.id}: it stands in the anchor file, but is gone from the database"
    ]


def test_log_sealed_anew_differs_from_the_file(tamper: Tamper, file: Path) -> None:
    write(4)
    seal_all()
    write_anchors()
    tamper("UPDATE audit_logs SET reason = 'x'")
    tamper("DELETE FROM audit_seals")
    seal_all()

    assert findings() == []
    assert "the anchor file holds another root for it" in compared(file)[0].text


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda lines: lines[:1] + lines[2:], "lacks the seals 2 to 2"),
        (lambda lines: [lines[0], lines[1].replace('"row_count": 3', '"row_count": 4'), *lines[2:]], "not signed"),
        (lambda lines: lines[:-1], "ends with seal"),
        (lambda lines: [lines[0], "garbage\n", *lines[2:]], "lacks the seals 2 to 2"),
        (lambda lines: [lines[0], "[" * 100_000 + "\n", *lines[2:]], "lacks the seals 2 to 2"),
    ],
    ids=["line removed", "line edited", "end removed", "line garbled", "line hostile"],
)
def test_damaged_file_is_found(worker: None, file: Path, damage: object, says: str) -> None:
    write(10)
    seal_all()
    write_anchors()
    file.write_text("".join(damage(file.read_text().splitlines(keepends=True))))  # type: ignore[operator]

    assert [says in found.text for found in compared(file)] == [True]


def test_missing_file_is_found_and_a_lost_one_is_not_written_anew(worker: None, file: Path) -> None:
    write(4)
    seal_all()
    write_anchors()
    file.unlink()

    assert [found.text for found in compared(file)] == ["the anchor file audit.jsonl is missing"]
    assert write_anchors() == 0
    write(4)
    seal_all()
    write_anchors()
    assert min(anchored(file)) > 1
    assert compared(file) == []
