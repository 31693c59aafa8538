"""Pages as tests read them."""

from typing import Any

from apps.accounts.models import User


def text(answer: Any) -> str:
    """Return a page as text."""
    content: str = answer.content.decode()
    return content


def address(person: User, what: str = "") -> str:
    """Return a page of somebody."""
    return f"/people/{person.pk}/{what}"
