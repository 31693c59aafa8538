"""Reads of the log and its seals, one module per subject."""

from apps.audit.selectors.entries import (
    ORDER,
    AuditFilters,
    audit_entries,
    audit_page,
    entries_before,
    images_of_request,
)
from apps.audit.selectors.state import SealState, erased_people, seal_state

__all__ = [
    "ORDER",
    "AuditFilters",
    "SealState",
    "audit_entries",
    "audit_page",
    "entries_before",
    "erased_people",
    "images_of_request",
    "seal_state",
]
