"""One finding: an id, what is wrong, and what to change."""

from django.core import checks
from django.core.checks import CheckMessage


def error(number: int, wrong: str, change: str) -> CheckMessage:
    """Return a finding that makes an installation unsafe."""
    return checks.Error(wrong, hint=change, id=f"omega.E{number:03}")


def warning(number: int, wrong: str, change: str) -> CheckMessage:
    """Return a finding that somebody should decide on before going live."""
    return checks.Warning(wrong, hint=change, id=f"omega.W{number:03}")
