"""Registration of the Core app."""

from django.apps import AppConfig

from apps.core.checks import register_checks


class CoreConfig(AppConfig):
    """Core."""

    name = "apps.core"
    verbose_name = "Core"

    def ready(self) -> None:
        """Let `check --deploy` judge the settings."""
        register_checks()
