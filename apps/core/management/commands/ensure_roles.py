"""Creates the database roles and sets their passwords anew."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections

from apps.core.timescale.prepare import ensure_roles


class Command(BaseCommand):
    """For after a change of SECRET_KEY or of a role's URL; `migrate` creates missing roles by itself."""

    help = "Create missing database roles and set the passwords of the serving ones to what the settings say."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it as the owner or, where given, the administrator."""
        ensure_roles(connections["owner"], reset_passwords=True)  # type: ignore[arg-type]
        self.stdout.write("The database roles are as the settings say.")
