"""Registration of the Audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Audit."""

    name = "apps.audit"
    verbose_name = "Audit"
