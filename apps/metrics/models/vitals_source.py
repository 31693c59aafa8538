"""How far the vitals of nodes that foreign collectors watch have been worked out."""

from django.db import models

from apps.nodes.models import Node


class VitalsSource(models.Model):
    """A node whose vitals come from scrapes: up to which one, and how many seconds lie between two."""

    node = models.OneToOneField(Node, on_delete=models.CASCADE, primary_key=True, related_name="+")
    derived_to = models.DateTimeField()
    interval_seconds = models.FloatField()

    class Meta:
        """Table `vitals_sources`."""

        db_table = "vitals_sources"

    def __str__(self) -> str:
        """Show how far."""
        return f"{self.derived_to:%F %T}"
