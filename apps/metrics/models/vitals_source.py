"""How far the vitals of nodes that foreign collectors watch have been worked out."""

from django.db import models

from apps.nodes.models import Node


class VitalsSource(models.Model):
    """A node whose vitals come from scrapes: up to which one, from which series, and when there is more to do.

    There is something to do when the node's `collected_at` is another than `seen_at`, and at `again_at`. Scrapes up to
    `derived_to` were read, those of the last minute before it as `done` tells: JSON, {time: number of samples}. The
    newest row that was made is of `newest_at`; up to `own_until` the node's own agent told its vitals.
    `series` is JSON, [number, name, labels] of each, found for `hostname` while `newest_series` was the newest there.
    """

    node = models.OneToOneField(Node, on_delete=models.CASCADE, primary_key=True, related_name="+")
    derived_to = models.DateTimeField()
    newest_at = models.DateTimeField(null=True, blank=True)
    own_until = models.DateTimeField(null=True, blank=True)
    done = models.TextField(blank=True, db_default="")
    seen_at = models.DateTimeField(null=True, blank=True)
    again_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    hostname = models.CharField(max_length=255, blank=True, db_default="")
    newest_series = models.IntegerField(db_default=0)
    series = models.TextField(blank=True, db_default="")

    class Meta:
        """Table `vitals_sources`."""

        db_table = "vitals_sources"

    def __str__(self) -> str:
        """Show how far."""
        return f"{self.derived_to:%F %T}"
