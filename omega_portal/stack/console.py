"""What the stack tells the person; standard output stays free for machine-readable answers."""

import sys


class StackError(Exception):
    """Something the person must know or do; its text is shown as one sentence, without a traceback."""


def say(message: str) -> None:
    """Show one line of progress on standard error."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def answer(text: str) -> None:
    """Write a result meant for a pipe or `eval` on standard output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
