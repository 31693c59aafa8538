"""Registration of the Sessions app."""

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    """Sessions."""

    name = "apps.sessions"
    # The default label would collide with django.contrib.sessions; tables and migrations carry this one.
    label = "compute_sessions"
    verbose_name = "Sessions"
