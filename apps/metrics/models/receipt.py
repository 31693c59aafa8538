"""Receipts of batches: a batch sent again gets the answer it got the first time."""

from django.db import models
from django.db.models import CompositePrimaryKey

from apps.nodes.models import Node


class IngestBatch(models.Model):
    """What became of one batch of one node."""

    pk = CompositePrimaryKey("node", "batch_id")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, db_index=False, related_name="+")
    batch_id = models.UUIDField()
    accepted = models.IntegerField()
    duplicate = models.IntegerField()
    rejected = models.JSONField(default=list)
    received_at = models.DateTimeField()

    class Meta:
        """Table `ingest_batches`."""

        db_table = "ingest_batches"
        indexes = (models.Index(fields=["received_at"], name="ingest_batches_age"),)

    def __str__(self) -> str:
        """Show the batch."""
        return str(self.batch_id)
