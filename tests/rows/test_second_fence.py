"""What a wrong permission let through, the database still refuses: as 403, written down, never as an error of ours."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.accounts.permissions import ALLOWED, Action
from apps.audit.models import AuditLog
from apps.nodes.models import EnrollmentToken

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


@pytest.fixture
def too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of permissions in which somebody made a mistake."""
    monkeypatch.setitem(ALLOWED, "READONLY", frozenset(Action))


def test_page_answers_403_and_leaves_a_trace(client_as: SignIn, too_much: None) -> None:
    form = {"uses": "1", "hours": "1", "tags": ""}
    answer = client_as("READONLY").post("/nodes/enrol/", form)

    assert answer.status_code == 403
    assert not EnrollmentToken.objects.exists()
    entry = AuditLog.objects.get(action="ACCESS_DENIED")
    assert (entry.user_email, entry.status) == ("rita@example.test", "FAILURE")
    assert "database" in entry.description


def test_rest_answers_403_and_nothing_is_made(client_as: SignIn, too_much: None) -> None:
    answer = client_as("READONLY").post("/api/v1/enrollment-tokens/", {}, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert not EnrollmentToken.objects.exists()
