"""How the seals stand, and who was taken out of the log."""

from dataclasses import dataclass
from uuid import UUID

from apps.audit.models import AuditSeal, AuditVerification, ErasedPerson, Erasure, Verdict
from apps.audit.selectors.seals import newest_seal


@dataclass(frozen=True, slots=True)
class SealState:
    """The newest seal, the verification that goes on, and the last one that ended; None where there is none."""

    newest: AuditSeal | None
    running: AuditVerification | None
    last: AuditVerification | None

    @property
    def is_broken(self) -> bool:
        """Whether the last verification found something."""
        return self.last is not None and self.last.verdict == Verdict.FAILED


def erased_people() -> list[UUID]:
    """Return the ids of everybody who was taken out of the log."""
    people = ErasedPerson.objects.filter(kind=Erasure.PERSON).values_list("subject_id", flat=True)
    return [person for person in people if person]


def seal_state() -> SealState:
    """Return it. One verification at most is open, and none is asked for meanwhile, so two rows hold both."""
    newest = list(AuditVerification.objects.order_by("-requested_at", "-finished_at")[:2])
    running = next((check for check in newest if check.is_open), None)
    return SealState(newest_seal(), running, next((check for check in newest if not check.is_open), None))
