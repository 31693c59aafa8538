"""What writes to the log and its seals, one module per subject."""

from apps.audit.services.entries import record, record_apart

__all__ = ["record", "record_apart"]
