"""What somebody was shown before a question, signed: their yes counts for exactly that."""

from django.core import signing

VALID_SECONDS = 3600
Part = str | int | list[str] | None


def seal(question: str, *parts: Part) -> str:
    """The parts as a text that goes with the form; nobody but the portal can make one."""
    return signing.dumps(list(parts), salt=f"shown.{question}")


def is_sealed(text: str, question: str, *parts: Part) -> bool:
    """Whether these very parts were shown within the last hour."""
    try:
        return bool(signing.loads(text, salt=f"shown.{question}", max_age=VALID_SECONDS) == list(parts))
    except signing.BadSignature:
        return False
