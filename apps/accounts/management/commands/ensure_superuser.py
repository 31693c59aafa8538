"""Makes an account for emergencies, or gives it a new password."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts.services.superusers import ensure_superuser
from apps.core.errors import PortalError
from apps.core.private_files import write_secret


class Command(BaseCommand):
    """For when nobody can sign in through the identity provider; see docs/keycloak.md."""

    help = "Make a superuser, or set a new password for one; the password goes to a file only its owner can read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the e-mail and where the password goes."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--password-file", required=True, type=Path)

    def handle(self, *args: Any, email: str, password_file: Path, **options: Any) -> None:
        """Do it; an account whose password nobody can read is not kept."""
        try:
            with transaction.atomic():
                write_secret(password_file, ensure_superuser(email=email))
        except PortalError as refusal:
            raise CommandError(refusal.detail) from None
        self.stdout.write(f"{email} is a superuser; the password is in {password_file}")
