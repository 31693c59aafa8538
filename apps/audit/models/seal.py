"""Seals over the log: each one closes a range of ids and continues the one before."""

from django.db import models
from django.db.models.functions import Now


class AuditSeal(models.Model):
    """Closes the entries with `first_id` ≤ id ≤ `last_id`; `root` covers them, this row and `previous_root`.

    Ids and ranges follow each other without a gap. Rows are added, never changed.
    """

    id = models.BigIntegerField(primary_key=True)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField(unique=True)
    row_count = models.IntegerField()
    previous_root = models.BinaryField(max_length=32, editable=False)
    root = models.BinaryField(max_length=32, editable=False)
    sealed_at = models.DateTimeField()

    class Meta:
        """Table `audit_seals`."""

        db_table = "audit_seals"
        ordering = ("-id",)

    def __str__(self) -> str:
        """Show the range."""
        return f"seal {self.id} over {self.first_id}–{self.last_id}"


class AuditSealMark(models.Model):
    """One row: up to which id the next run may seal, once every transaction below `before_xid` is over."""

    ONLY = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    boundary = models.BigIntegerField(null=True, db_comment="NULL: nothing is waiting")
    before_xid = models.BigIntegerField(null=True)
    anchored_id = models.BigIntegerField(default=0, db_default=0, db_comment="newest seal in the anchor file")
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Table `audit_seal_mark`."""

        db_table = "audit_seal_mark"
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="audit_seal_mark_one_row"),)

    def __str__(self) -> str:
        """Show the boundary."""
        return f"up to {self.boundary}"
