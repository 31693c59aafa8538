"""Registration of the Core app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Core."""

    name = "apps.core"
    verbose_name = "Core"
