"""Prints the URL a database role connects with."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """For scripts: it holds a password, so mind where it is written."""

    help = "Print the URL of omega_portal, omega_worker or data_collector."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the role, by its name or its short name."""
        short = {"portal": "omega_portal", "worker": "omega_worker", "collector": "data_collector"}
        parser.add_argument("role", choices=sorted(settings.DATABASE_ROLE_URLS) + sorted(short))
        parser.set_defaults(short=short)

    def handle(self, *args: Any, role: str, short: dict[str, str], **options: Any) -> None:
        """Print it on one line."""
        self.stdout.write(settings.DATABASE_ROLE_URLS[short.get(role, role)])
