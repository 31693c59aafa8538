"""Registration of the Ingest app."""

from django.apps import AppConfig


class IngestConfig(AppConfig):
    """Ingest."""

    name = "apps.ingest"
    verbose_name = "Ingest"
