"""Registration of the Alerts app."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Alerts."""

    name = "apps.alerts"
    verbose_name = "Alerts"
