"""Registration of the Portal app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Portal."""

    name = "apps.portal"
    verbose_name = "Portal"
