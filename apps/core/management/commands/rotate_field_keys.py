"""Moves every kept secret to the first key of FIELD_KEYS."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from tqdm import tqdm

from apps.core.rotation import Outcome, encrypted_columns, rotate, survey, verify

OWNER = "owner"


class Command(BaseCommand):
    """For after a new key was put in front; run again it does what is left. Nothing of the content is shown."""

    help = "Write every encrypted column again with the first key of FIELD_KEYS, so that older keys can be dropped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether to look only."""
        parser.add_argument("--verify", action="store_true", help="read everything, also what is new; write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it as the owner; a value that cannot be read, or is left, makes the exit code 1."""
        if OWNER not in connections:
            raise CommandError("This runs as the database's owner: OMEGA_PROCESS must be manage.")
        columns, work = encrypted_columns(), verify if options["verify"] else rotate
        sizes = {column: survey(column, using=OWNER) for column in columns}
        total = sum(size.kept if options["verify"] else size.old for size in sizes.values())
        with tqdm(total=total, unit="value", disable=None, leave=False) as bar:
            found = [work(column, using=OWNER, progress=bar.update) for column in columns]
        for outcome in found:
            self._tell(outcome, is_look=options["verify"])
        if faults := sum(len(outcome.unreadable) + outcome.left for outcome in found):
            raise CommandError(f"{faults} kept values are not under key {settings.FIELD_KEY_IN_USE} or cannot be read.")

    def _tell(self, outcome: Outcome, *, is_look: bool) -> None:
        """Say what became of one column, and name the rows that cannot be read."""
        for key, reason in outcome.unreadable.items():
            self.stderr.write(f"row {key}: {reason}")
        done = f"{outcome.kept} read" if is_look else f"{outcome.moved} moved of {outcome.old} old"
        in_use = settings.FIELD_KEY_IN_USE
        self.stdout.write(
            f"{outcome.place}: {outcome.kept} kept, {done}, {len(outcome.unreadable)} unreadable,"
            f" {outcome.left} left; key in use: {in_use}"
        )
