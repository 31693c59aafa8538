"""Registration of the Background jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Background jobs."""

    name = "apps.jobs"
    verbose_name = "Background jobs"
