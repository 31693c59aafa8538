"""What happened to a row since somebody read it, told by the row images of the audit log."""

from apps.audit.models import AuditLog

LONGEST_VALUE = 60
MOST_TOLD = 5


def changes_since(resource_type: str, key: object, count: int) -> str:
    """Say who changed what in the newest `count` changes of a row, in a sentence or two."""
    images = AuditLog.objects.filter(resource_type=resource_type, resource_id=str(key), is_row_image=True)
    told = [_told(image) for image in images.order_by("-timestamp", "-id")[: min(max(count, 1), MOST_TOLD)]]
    return " ".join(told) or "Somebody changed it."


def _told(image: AuditLog) -> str:
    """Say what one change was."""
    before, after = _side(image, "before"), _side(image, "after")
    columns = [f"{name} ({_plain(before.get(name))} → {_plain(after.get(name))})" for name in sorted(after)]
    return f"{image.user_email or 'The system'} changed {', '.join(columns) or 'it'}."


def _side(image: AuditLog, side: str) -> dict[str, object]:
    """Return the changed columns before or after, personal ones too as long as they are not erased."""
    return {**(image.details.get(side) or {}), **((image.personal or {}).get(side) or {})}


def _plain(value: object) -> str:
    """Return a value as a sentence takes it."""
    text = "nothing" if value in (None, "") else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
