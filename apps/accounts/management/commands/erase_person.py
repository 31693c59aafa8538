"""`manage.py erase_person`: takes a person out of the portal and its audit log; the seals still hold."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from apps.accounts.services.erasure import erase_again, erase_person
from apps.audit.selectors import erased_people
from apps.core.context import acting, as_system
from apps.core.errors import PortalError


def ids_in(listed: object) -> list[UUID]:
    """Return the ids of a list; raises ValueError, TypeError or AttributeError for anything else."""
    if not isinstance(listed, list):
        raise TypeError("not a list")
    return [UUID(text) for text in listed]


class Command(BaseCommand):
    """Erases one person, or everybody again who was erased before an older backup was restored."""

    help = "Erase a person for good, write down who was erased, or erase those again after a restore."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take one of three wishes."""
        wish = parser.add_mutually_exclusive_group(required=True)
        wish.add_argument("--email", help="the person's e-mail; --really is needed too")
        wish.add_argument("--write-list", type=Path, help="write the ids of everybody erased, to keep beside backups")
        wish.add_argument("--again", type=Path, help="after a restore: erase everybody of such a list again")
        parser.add_argument("--really", action="store_true", help="there is no way back")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is wished, as the owner."""
        if settings.OMEGA.omega_process != "manage":
            raise CommandError("This runs as the database's owner: OMEGA_PROCESS must be manage.")
        with acting(as_system()):
            if options["write_list"]:
                self.write_list(options["write_list"])
                return
            changed = self.again(options["again"]) if options["again"] else self.erase(options)
        self.stdout.write(f"{changed} audit entries no longer say who it was.")

    def erase(self, options: dict[str, Any]) -> int:
        """Erase one person."""
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError("No account has this e-mail.")
        if not options["really"]:
            raise CommandError("The account and its traces would be gone for good; say --really.")
        try:
            return erase_person(user=user, now=datetime.now(UTC))
        except PortalError as refusal:
            raise CommandError(refusal.detail) from None

    def write_list(self, path: Path) -> None:
        """Write the ids, nothing else: they tell nothing to whom has not the log."""
        path.write_text(json.dumps([str(person) for person in erased_people()]) + "\n", encoding="utf8")

    def again(self, path: Path) -> int:
        """Erase everybody of a list and of the database's own."""
        try:
            people = ids_in(json.loads(path.read_text(encoding="utf8")))
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise CommandError(f"{path.name} is no list of erased people: {error}") from None
        return erase_again(people=people, now=datetime.now(UTC))
