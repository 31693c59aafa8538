"""Health answers need nobody: no host, no session, and for `/healthz` not even a database."""

import pytest
from django.test import Client


def test_healthz_asks_nobody() -> None:
    # No database is allowed in this test: touching it would fail.
    answer = Client(headers={"Host": "whatever", "Cookie": "omega-session=abcdefghijklmnopqrstuvwxyz012345"}).get(
        "/healthz"
    )

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_names_each_service() -> None:
    answer = Client().get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "redis": "ok"}
