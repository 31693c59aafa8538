"""Creates the first administrator."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts.services import ensure_admin
from apps.core.errors import PortalError
from apps.core.private_files import write_secret


class Command(BaseCommand):
    """Create an ADMIN with a random password if there is none."""

    help = "Create the first ADMIN, writing its random password to a file only its owner can read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the e-mail and where the password goes."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--password-file", required=True, type=Path)

    def handle(self, *args: Any, email: str, password_file: Path, **options: Any) -> None:
        """Create it, or say that one exists; an administrator whose password nobody can read is not kept."""
        with transaction.atomic():
            password = _create(email)
            if password is None:
                self.stdout.write("An administrator exists already; nothing was changed.")
                return
            write_secret(password_file, password)
        self.stdout.write(f"Created {email}; the password is in {password_file}")


def _create(email: str) -> str | None:
    """Create the administrator; a refusal is the command's error."""
    try:
        return ensure_admin(email=email)
    except PortalError as refusal:
        raise CommandError(refusal.detail) from None
