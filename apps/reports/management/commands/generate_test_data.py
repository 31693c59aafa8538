"""Fills a database with a plausible fleet and its past."""

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import timedelta
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from apps.reports.testdata.generate import Wanted, finish_roll_up, generate_fleet

HELP = """\
Fills the database with a plausible fleet and its past, for a demonstration or a measurement.

Every generated node carries the label generated=true. The same seed makes the same fleet and, at the same
moment, the same numbers. A second run extends the first: nodes of the same name stay what they are and get
the samples they miss before the first and after the last they have; nothing is ever doubled.

Nobody reports for these nodes afterwards. So that a demonstration shows a living fleet they count as online for
a day (their silent_after lies 24 hours ahead; the age of their last heartbeat is shown as it is); then the portal
marks them offline, as it does with every machine that fell silent. Run the command again to bring them up to date.
"""


class Command(BaseCommand):
    """`manage.py generate_test_data`; runs as the owner of the database."""

    help = HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("--nodes", type=int, default=100, help="size of the fleet (1 to 5000)")
        parser.add_argument("--days", type=int, default=30, help="length of the past (1 to 365)")
        parser.add_argument(
            "--sessions", type=int, default=0, help="compute sessions; applied once the portal has them"
        )
        parser.add_argument("--interval-minutes", type=int, default=5, help="time between samples (1 to 60)")
        parser.add_argument("--seed", type=int, default=1, help="another seed makes other hardware and other numbers")
        parser.add_argument(
            "--yes-beside-real-nodes",
            action="store_true",
            help="go ahead on a database that holds real nodes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Generate, roll up, and say what was done."""
        began, now = time.monotonic(), timezone.now()
        wanted = _wanted(options)
        with tqdm(total=wanted.nodes, desc="Samples", unit="node", disable=None) as bar:
            done = generate_fleet(
                wanted, now=now, beside_real_nodes=options["yes_beside_real_nodes"], progress=bar.update
            )
        with tqdm(total=done.hours_to_roll_up, desc="Hourly roll-up", unit="h", disable=None) as bar:
            finish_roll_up(bar.update)
        self.stdout.write(
            f"Added {done.new_nodes} nodes, {done.samples} samples of vitals, {done.custom_samples} of other metrics,"
            f" {done.processes} processes in {time.monotonic() - began:.1f} s."
        )
        if options["sessions"]:
            self.stdout.write("Compute sessions were not generated: this portal does not have them yet.")


def _wanted(options: dict[str, Any]) -> Wanted:
    """Return the options as one value; raises CommandError naming the one out of range."""
    for name, least, most in (
        ("nodes", 1, 5000),
        ("days", 1, 365),
        ("interval_minutes", 1, 60),
        ("sessions", 0, 10**7),
    ):
        if not least <= options[name] <= most:
            raise CommandError(f"--{name.replace('_', '-')} must lie between {least} and {most}.")
    if options["seed"] < 0:
        raise CommandError("--seed must not be negative.")
    return Wanted(options["nodes"], options["days"], timedelta(minutes=options["interval_minutes"]), options["seed"])
