"""Registration of the Notifications app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Notifications."""

    name = "apps.notifications"
    verbose_name = "Notifications"
