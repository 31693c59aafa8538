"""Registration of the Reports app."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports."""

    name = "apps.reports"
    verbose_name = "Reports"
