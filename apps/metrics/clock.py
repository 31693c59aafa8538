"""How far a machine's clock may be off before people are told. Pure."""

from enum import StrEnum
from typing import Final

WARN_SECONDS: Final = 5.0
BAD_SECONDS: Final = 60.0


class Clock(StrEnum):
    """What a difference to the portal's clock means; unknown where nobody told."""

    UNKNOWN = "unknown"
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


def clock_of(seconds: float | None) -> Clock:
    """Return what a skew in seconds, ahead or behind, means."""
    if seconds is None:
        return Clock.UNKNOWN
    size = abs(seconds)
    return Clock.BAD if size >= BAD_SECONDS else Clock.WARN if size >= WARN_SECONDS else Clock.OK


def newest_version(versions: list[str]) -> str:
    """Return the highest of version numbers such as 1.10.2; empty where there is none."""
    return max((version for version in versions if version), key=version_key, default="")


def version_key(version: str) -> tuple[tuple[int, str], ...]:
    """Return what versions are ordered by: their numbers as numbers, anything else by its text and before them."""
    parts = version.replace("-", ".").replace("+", ".").split(".")
    return tuple((int(part[:9]), "") if part.isascii() and part.isdigit() else (-1, part) for part in parts)
