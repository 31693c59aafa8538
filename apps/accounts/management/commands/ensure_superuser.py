"""Makes the superuser of break-glass sign-ins, or gives it a new password."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from apps.accounts.services.superusers import ensure_superuser
from apps.core.context import acting, as_system
from apps.core.errors import PortalError
from apps.core.private_files import write_secret


class Command(BaseCommand):
    """Create a superuser with a random password, or set a new one."""

    help = "Create a superuser, or give it a new random password, written to a file only its owner can read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the e-mail and where the password goes."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--password-file", required=True, type=Path)

    def handle(self, *args: Any, email: str, password_file: Path, **options: Any) -> None:
        """Do it; a password that nobody can read is not set."""
        try:
            validate_email(email)
            with acting(as_system()), transaction.atomic():
                write_secret(password_file, ensure_superuser(email=email, now=timezone.now()))
        except ValidationError:
            raise CommandError(f"{email} is no e-mail address") from None
        except PortalError as refusal:
            raise CommandError(refusal.detail) from None
        self.stdout.write(f"The password of superuser {email} is in {password_file}")
