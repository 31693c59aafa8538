"""Registration of the Nodes app."""

from django.apps import AppConfig


class NodesConfig(AppConfig):
    """Nodes."""

    name = "apps.nodes"
    verbose_name = "Nodes"
