"""Opens and closes people's own log-ins at the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Tenant, User
from apps.accounts.services.database_logins import close_database_login, open_database_login
from apps.core.errors import PortalError
from apps.core.private_files import write_secret
from apps.core.timescale.logins import GROUPS


class Command(BaseCommand):
    """For SQL by hand and for dashboards; what a log-in sees follows from its name alone."""

    help = "Open a log-in at the database for a person or a dashboard, or close one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name, what it may do, and whose rows it sees."""
        parser.add_argument("name")
        parser.add_argument("--group", choices=GROUPS, help="what it may do")
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--user", help="e-mail of the person it stands for")
        scope.add_argument("--tenant", help="slug of the tenant whose rows it sees; without user or tenant: all")
        parser.add_argument("--password-file", type=Path, help="where the password is written")
        parser.add_argument("--close", action="store_true", help="end the log-in")

    def handle(self, *args: Any, name: str, close: bool, **options: Any) -> None:
        """Do it; a refusal is the command's error."""
        try:
            if close:
                close_database_login(name=name)
                self.stdout.write(f"Closed {name}.")
            else:
                self._open(name, options)
        except PortalError as refusal:
            raise CommandError(refusal.detail) from None

    def _open(self, name: str, options: dict[str, Any]) -> None:
        """Open it and write down its password."""
        if not options["group"] or not options["password_file"]:
            raise CommandError("Say --group and --password-file.")
        user = _one(User, email__iexact=options["user"]) if options["user"] else None
        tenant = _one(Tenant, slug=options["tenant"]) if options["tenant"] else None
        password = open_database_login(name=name, group=options["group"], user=user, tenant=tenant)
        write_secret(options["password_file"], password)
        self.stdout.write(f"Opened {name}; its password is in {options['password_file']}")


def _one(model: type[User] | type[Tenant], **wanted: str) -> Any:
    """Return the row that is meant; raises CommandError where there is none."""
    found = model._default_manager.filter(**wanted).first()
    if found is None:
        raise CommandError(f"There is no {model._meta.verbose_name} {next(iter(wanted.values()))}.")
    return found
