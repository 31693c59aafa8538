"""The audit log as a file: whole, as it was when it was asked for, within limits, and never in memory at once."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client

from apps.accounts.services import default_tenant
from apps.audit import services
from apps.audit.models import AuditLog, Category
from apps.audit.services import export
from apps.portal.views import audit_export
from apps.portal.views.audit_export import in_turn
from tests import make


@pytest.fixture
def ada(client_as: Callable[[str], Client]) -> Client:
    """Ada may export everything of her tenant."""
    return client_as("ADMIN")


def record(**entry: Any) -> None:
    """Add an event of Ada's tenant."""
    services.record(**{"tenant_id": default_tenant().pk, "category": Category.POOL, **entry})


def text_of(answer: Any) -> str:
    """Return a streamed file."""
    assert isinstance(answer, StreamingHttpResponse), answer.content
    return answer.getvalue().decode()


def test_json_is_a_list_with_everything_in_it(ada: Client) -> None:
    record(action="POOL_GREW", details={"by": 2}, resource_name="Zoë ✓")
    found = json.loads(text_of(ada.post("/audit/export/", {"category": "POOL", "format": "json"})))

    (entry,) = found
    assert (entry["action"], entry["details"], entry["resource_name"]) == ("POOL_GREW", {"by": 2}, "Zoë ✓")
    assert datetime.fromisoformat(entry["timestamp"]).tzinfo is not None


def test_nothing_found_is_an_empty_list_or_the_head_line(ada: Client) -> None:
    asked = {"action": "NOTHING_SUCH"}
    assert json.loads(text_of(ada.post("/audit/export/", {**asked, "format": "json"}))) == []
    assert len(text_of(ada.post("/audit/export/", asked)).splitlines()) == 1


def test_every_entry_is_in_the_file_once_across_its_pages(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_export, "PAGE", 3)
    for number in range(10):
        record(action=f"POOL_{number}")
    for kind in ("csv", "json"):
        text = text_of(ada.post("/audit/export/", {"category": "POOL", "format": kind}))
        rows = json.loads(text) if kind == "json" else list(csv.DictReader(io.StringIO(text)))
        assert [row["action"] for row in rows] == [f"POOL_{number}" for number in reversed(range(10))]


def test_what_happens_after_the_asking_is_not_in_it(ada: Client) -> None:
    record(action="BEFORE")
    answer = ada.post("/audit/export/", {})
    record(action="AFTER")

    text = text_of(answer)
    assert "BEFORE" in text
    assert "AFTER" not in text
    assert "AUDIT_EXPORTED" not in text


def test_event_says_what_was_taken_and_keeps_names_where_they_can_be_erased(ada: Client) -> None:
    record(action="POOL_GREW")
    ada.post("/audit/export/", {"category": "POOL", "person": "uma@example.test", "q": "Uma", "format": "json"})

    entry = AuditLog.objects.get(action="AUDIT_EXPORTED")
    assert entry.details == {"filters": {"category": "POOL"}, "entries": 0, "format": "json"}
    assert entry.personal == {"filters": {"person": "uma@example.test", "q": "Uma"}}


def test_eleventh_export_within_ten_minutes_waits(ada: Client) -> None:
    answers = [ada.post("/audit/export/") for _ in range(export.MOST_EXPORTS + 1)]

    assert [answer.status_code for answer in answers] == [200] * export.MOST_EXPORTS + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 600
    assert AuditLog.objects.filter(action="AUDIT_EXPORTED").count() == export.MOST_EXPORTS


def test_exports_of_others_and_of_earlier_do_not_count(ada: Client, client_as: Callable[[str], Client]) -> None:
    old = {"timestamp": AuditLog.objects.latest("id").timestamp - timedelta(minutes=11), "category": "SYSTEM"}
    person = make.user("ADMIN")
    for _ in range(export.MOST_EXPORTS):
        AuditLog.objects.create(action="AUDIT_EXPORTED", user_id=person.pk, **old)
    ana = client_as("ANALYST")
    for _ in range(export.MOST_EXPORTS):
        ana.post("/audit/export/")

    assert ada.post("/audit/export/").status_code == 200


def test_too_many_entries_are_refused_with_what_to_do(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_EXPORTED", 3)
    for number in range(4):
        record(action=f"POOL_{number}")
    answer = ada.post("/audit/export/", {"category": "POOL"}, follow=True)

    assert "choose a shorter span of time" in answer.content.decode()
    assert not AuditLog.objects.filter(action="AUDIT_EXPORTED").exists()


def test_file_holds_ones_own_tenant_only(ada: Client) -> None:
    record(action="OURS")
    record(action="THEIRS", tenant_id=make.tenant().pk)

    text = text_of(ada.post("/audit/export/"))
    assert "OURS" in text
    assert "THEIRS" not in text


def test_asynchronous_server_sends_the_same_file(client_as: Callable[[str], Client]) -> None:
    for number in range(3):
        record(action=f"POOL_{number}")
    client = AsyncClient()
    client.cookies = client_as("ADMIN").cookies

    async def ask() -> str:
        answer = await client.post("/audit/export/", {"category": "POOL", "format": "json"})
        assert isinstance(answer, StreamingHttpResponse), answer.status_code
        return "".join([chunk.decode() async for chunk in answer.streaming_content])  # type: ignore[union-attr]

    assert [row["action"] for row in json.loads(async_to_sync(ask)())] == ["POOL_2", "POOL_1", "POOL_0"]


@pytest.mark.django_db
async def test_asynchronous_server_makes_one_page_at_a_time() -> None:
    made: list[int] = []

    def chunks() -> Any:
        for number in range(3):
            made.append(number)
            yield str(number)

    request = ASGIRequest({"type": "http", "method": "GET", "path": "/", "headers": []}, io.BytesIO())
    stream = in_turn(request, chunks())
    assert isinstance(stream, AsyncIterator)

    assert [(chunk, list(made)) async for chunk in stream] == [("0", [0]), ("1", [0, 1]), ("2", [0, 1, 2])]
