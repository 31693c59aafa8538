"""Whose personal data was taken out of the log."""

from django.db import models

from apps.core.models import one_of


class Erasure(models.TextChoices):
    """What a tombstone is for."""

    PERSON = "person", "One person"
    STRANGERS = "strangers", "Strangers, up to a time"


class ErasedPerson(models.Model):
    """A tombstone: a person's values, or those of all strangers older than `cutoff`, are blank on purpose.

    Rows are added, never changed; after a restore from a backup they say what must be erased again.
    """

    kind = models.CharField(max_length=20, choices=Erasure)
    subject_id = models.UUIDField(null=True, blank=True)
    cutoff = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField()
    erased_by = models.UUIDField(null=True, blank=True)

    class Meta:
        """Table `erased_people`, newest first."""

        db_table = "erased_people"
        ordering = ("-erased_at", "-id")
        constraints = (
            one_of("kind", Erasure, "erased_people_kind_known"),
            models.CheckConstraint(
                condition=models.Q(kind=Erasure.PERSON, subject_id__isnull=False, cutoff=None)
                | models.Q(kind=Erasure.STRANGERS, subject_id=None, cutoff__isnull=False),
                name="erased_people_whom",
            ),
            models.UniqueConstraint(fields=["subject_id"], name="erased_people_once"),
        )

    def __str__(self) -> str:
        """Show whom, by id."""
        return f"{self.kind} {self.subject_id or self.cutoff}"
