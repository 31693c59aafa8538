"""A person leaves for good: account, what belongs to it, and who they were in the log; also after a restore."""

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.accounts.models import ApiToken, Invitation, User
from apps.audit.models import AuditLog, ErasedPerson
from tests import make
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]


def uma_lived(now: datetime) -> User:
    """Return Uma, who was invited, has a token, and was renamed."""
    uma = make.user("USER")
    later = now + timedelta(days=1)
    ApiToken.objects.create(key_id="k", user=uma, name="Uma's laptop", digest=b"d" * 32, expires_at=later)
    whom = {"tenant": uma.tenant, "email": uma.email, "full_name": "Uma"}
    Invitation.objects.create(**whom, key_id="i", digest=b"d", expires_at=now)
    uma.full_name = "Uma Usher"
    uma.save()
    return uma


def run(**options: object) -> str:
    """Run the command as the owner, as whom it runs; returns what it prints."""
    said = StringIO()
    with acting_as("omega_owner"):
        call_command("erase_person", stdout=said, **options)
    return said.getvalue()


def the_log() -> str:
    """Return every entry as text."""
    with acting_as("omega_owner"), connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, ' ') FROM audit_logs e")
        return str(cursor.fetchone()[0]).lower()


def test_person_is_gone_with_all_that_was_theirs(now: datetime) -> None:
    uma = uma_lived(now)
    assert "uma" in the_log()
    said = run(email=uma.email.upper(), really=True)

    assert "audit entries no longer say who it was" in said
    assert "uma" not in the_log()
    assert (User.objects.count(), ApiToken.objects.count(), Invitation.objects.count()) == (0, 0, 0)
    assert AuditLog.objects.filter(action="PERSON_ERASED", resource_id=str(uma.pk)).exists()
    assert AuditLog.objects.filter(action="USER_DELETED", subject_id=uma.pk).exists()


def test_nobody_is_erased_by_a_slip(now: datetime) -> None:
    uma = uma_lived(now)
    for options, says in (
        ({"email": uma.email}, "say --really"),
        ({"email": "nobody@example.test", "really": True}, "No account"),
    ):
        with pytest.raises(CommandError, match=says):
            run(**options)
    assert User.objects.filter(pk=uma.pk).exists()


def test_last_admin_stays() -> None:
    ada = make.user("ADMIN")
    with pytest.raises(CommandError, match="last open ADMIN"):
        run(email=ada.email, really=True)
    assert User.objects.filter(pk=ada.pk).exists()


def test_list_takes_them_out_again_after_a_restore(now: datetime, tmp_path: Path) -> None:
    uma = uma_lived(now)
    run(email=uma.email, really=True)
    run(write_list=tmp_path / "erased.json")
    listed = json.loads((tmp_path / "erased.json").read_text())
    assert str(uma.pk) in listed
    assert set(listed) == {str(row.subject_id) for row in ErasedPerson.objects.all()}

    back = User(pk=uma.pk, email="uma@example.test", full_name="Uma Usher", role="USER", tenant=uma.tenant)
    back.save(force_insert=True)
    assert "uma" in the_log()
    run(again=tmp_path / "erased.json")
    assert "uma" not in the_log()
    assert not User.objects.exists()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '["x"]', "null"])
def test_file_that_is_no_list_is_named(content: str, tmp_path: Path) -> None:
    path = tmp_path / "erased.json"
    path.write_text(content)
    with pytest.raises(CommandError, match=r"erased\.json is no list"):
        run(again=path)
