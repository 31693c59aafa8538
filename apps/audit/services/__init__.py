"""What writes to the log and its seals, one module per subject."""

from apps.audit.services.anchors import write_anchors
from apps.audit.services.entries import record, record_apart
from apps.audit.services.erasure import FORGOTTEN_AFTER, erase_again, erase_people, erase_strangers
from apps.audit.services.export import begin_export
from apps.audit.services.seals import seal_entries
from apps.audit.services.verification import advance_verification, request_verification

__all__ = [
    "FORGOTTEN_AFTER",
    "advance_verification",
    "begin_export",
    "erase_again",
    "erase_people",
    "erase_strangers",
    "record",
    "record_apart",
    "request_verification",
    "seal_entries",
    "write_anchors",
]
