"""Registration of the Accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "apps.accounts"
    verbose_name = "Accounts"
