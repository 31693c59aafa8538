"""The administrator's connection is as encrypted as all others."""

import pytest
from django.conf import settings

from apps.core.timescale.prepare import admin_connection


def give(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Configure the administrator's URL, and verified encryption where it says nothing else."""
    monkeypatch.setattr(settings, "OMEGA", settings.OMEGA.model_copy(update={"database_tls": "verify-full"}))
    monkeypatch.setattr(settings, "DATABASE_ADMIN_URL", url)


def test_administrator_connects_with_the_same_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "postgresql://postgres:p%40ss@db.example.test:6432/postgres?sslrootcert=/ca.crt")

    assert admin_connection("omega") == {
        "sslmode": "verify-full",
        "user": "postgres",
        "password": "p@ss",
        "host": "db.example.test",
        "port": "6432",
        "dbname": "omega",
        "sslrootcert": "/ca.crt",
    }


def test_encryption_named_in_the_url_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "postgresql://postgres@127.0.0.1/postgres?sslmode=disable")

    assert admin_connection("omega")["sslmode"] == "disable"
