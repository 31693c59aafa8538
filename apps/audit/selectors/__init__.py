"""Reads of the log and its seals, one module per subject."""

from apps.audit.selectors.entries import ORDER, AuditFilters, audit_entries, audit_page, images_of_request

__all__ = ["ORDER", "AuditFilters", "audit_entries", "audit_page", "images_of_request"]
