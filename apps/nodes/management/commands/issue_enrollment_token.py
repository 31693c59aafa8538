"""Issues an enrolment token from the command line."""

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand

from apps.accounts.services import default_tenant
from apps.nodes.services import create_enrollment_token


class Command(BaseCommand):
    """Prints nothing but the token, so that scripts can use it."""

    help = "Issue a token with which machines can enrol, and print it: it is shown only once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take uses, lifetime, approval and tags."""
        parser.add_argument("--uses", type=int, default=1)
        parser.add_argument("--hours", type=float, default=24)
        parser.add_argument("--auto-approve", action="store_true")
        parser.add_argument("--tag", action="append", default=[])

    def handle(self, *args: Any, uses: int, hours: float, auto_approve: bool, tag: list[str], **options: Any) -> None:
        """Issue it for the default tenant."""
        issued = create_enrollment_token(
            tenant=default_tenant(),
            uses=uses,
            lifetime=timedelta(hours=hours),
            auto_approve=auto_approve,
            tags=tag,
            now=datetime.now(UTC),
        )
        self.stdout.write(issued.text)
