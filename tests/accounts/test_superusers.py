"""Accounts for emergencies are made by a command as the database's owner, and by nobody else."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction

from apps.accounts.models import User
from apps.audit.models import AuditLog
from tests import make
from tests.database import acting_as

pytestmark = pytest.mark.django_db
EMAIL = "root@example.test"


def ensure(file: Path, email: str = EMAIL) -> None:
    """Run the command as whoever may see and write everything."""
    with acting_as("omega_worker"):
        call_command("ensure_superuser", email=email, password_file=file)


def test_command_makes_one_and_later_gives_it_a_new_password(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    ensure(first)
    root = User.objects.get(email=EMAIL)
    assert (root.is_superuser, root.role, root.tenant) == (True, "ADMIN", None)
    assert root.check_password(first.read_text().strip())

    ensure(second)
    root.refresh_from_db()
    assert root.check_password(second.read_text().strip())
    assert first.read_text() != second.read_text()
    assert second.stat().st_mode & 0o077 == 0
    entries = AuditLog.objects.filter(action__startswith="SUPERUSER").order_by("id")
    assert [entry.action for entry in entries] == ["SUPERUSER_CREATED", "SUPERUSER_PASSWORD_SET"]


def test_nobody_is_promoted(tmp_path: Path) -> None:
    uma = make.user("USER")
    with pytest.raises(CommandError, match="no superuser"):
        ensure(tmp_path / "x", uma.email)
    uma.refresh_from_db()
    assert not uma.is_superuser
    assert not (tmp_path / "x").exists()


def test_web_process_makes_none() -> None:
    with pytest.raises(ProgrammingError), transaction.atomic():
        User.objects.create(email=EMAIL, full_name="Root", role="ADMIN", is_superuser=True)
