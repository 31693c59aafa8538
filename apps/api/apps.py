"""Registration of the API app."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """API."""

    name = "apps.api"
    verbose_name = "API"
