"""Registration of the Metrics app."""

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    """Metrics."""

    name = "apps.metrics"
    verbose_name = "Metrics"
