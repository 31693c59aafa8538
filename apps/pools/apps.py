"""Registration of the Pools app."""

from django.apps import AppConfig


class PoolsConfig(AppConfig):
    """Pools."""

    name = "apps.pools"
    verbose_name = "Pools"
