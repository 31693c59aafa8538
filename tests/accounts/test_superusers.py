"""Superusers come from the shell alone, and nobody else's account becomes one."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import AuditLog
from tests import make, signed_in
from tests.database import acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell() -> Iterator[None]:
    """Run as the commands do, which log in as the database's owner."""
    with acting_as("omega_owner"):
        yield


def run(email: str, file: Path) -> str:
    """Run the command; returns the password it wrote."""
    call_command("ensure_superuser", email=email, password_file=file)
    return file.read_text(encoding="utf8").strip()


def test_command_makes_a_superuser_whose_password_its_owner_alone_reads(shell: None, tmp_path: Path) -> None:
    file = tmp_path / "password"
    password = run("Root@example.test", file)

    root = User.objects.get()
    assert (root.email, root.is_superuser, root.role, root.tenant) == ("root@example.test", True, "ADMIN", None)
    assert root.check_password(password)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert AuditLog.objects.filter(action="SUPERUSER_CREATED", is_row_image=False).count() == 1


def test_command_sets_a_new_password_and_signs_the_old_one_out(shell: None, tmp_path: Path) -> None:
    first = run("root@example.test", tmp_path / "first")
    row = signed_in.sign_in(Client(), User.objects.get())
    second = run("root@example.test", tmp_path / "second")

    root = User.objects.get()
    assert (root.check_password(first), root.check_password(second)) == (False, True)
    row.refresh_from_db(fields=["revoked_at"])
    assert row.revoked_at is not None


@pytest.mark.parametrize("columns", [{}, {"is_superuser": True, "is_active": False}], ids=["an ADMIN", "a closed one"])
def test_account_that_is_no_open_superuser_is_left_alone(columns: dict[str, bool], shell: None, tmp_path: Path) -> None:
    make.user("ADMIN", password=make.PASSWORD, **columns)
    with pytest.raises(CommandError, match="no open local superuser"):
        run("ada@example.test", tmp_path / "password")

    assert User.objects.get().check_password(make.PASSWORD)


def test_what_is_no_email_makes_nobody(shell: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no e-mail"):
        run("root", tmp_path / "password")

    assert not User.objects.exists()


def test_web_process_makes_no_superuser(tmp_path: Path) -> None:
    with pytest.raises(ProgrammingError, match="made by a command"), transaction.atomic():
        run("root@example.test", tmp_path / "password")
