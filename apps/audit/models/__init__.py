"""The tables of the audit log, one module per subject."""

from apps.audit.models.entry import AuditLog, Category, Status
from apps.audit.models.erasure import ErasedPerson, Erasure
from apps.audit.models.seal import AuditSeal, AuditSealMark
from apps.audit.models.verification import AuditVerification, Verdict

__all__ = [
    "AuditLog",
    "AuditSeal",
    "AuditSealMark",
    "AuditVerification",
    "Category",
    "ErasedPerson",
    "Erasure",
    "Status",
    "Verdict",
]
