"""The audit list and its export."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client

from apps.accounts.services import default_tenant
from apps.audit import services
from apps.audit.models import AuditLog, Category
from apps.portal.audit_rows import Change, changes, csv_line
from tests import make


@pytest.fixture
def ada(client_as: Callable[[str], Client]) -> Client:
    """Ada may see and export everything."""
    return client_as("ADMIN")


def record(**entry: Any) -> None:
    """Add an event of Ada's tenant."""
    services.record(**{"tenant_id": default_tenant().pk, "category": Category.NODE, **entry})


def exported(answer: object) -> list[list[str]]:
    """Return the cells of a streamed CSV file."""
    assert isinstance(answer, StreamingHttpResponse)
    return list(csv.reader(io.StringIO(answer.getvalue().decode())))


def test_filters_narrow_and_stay_in_the_form(ada: Client) -> None:
    record(action="POOL_GREW", category=Category.POOL, resource_name="blue pool")
    record(action="NODE_SEEN", category=Category.NODE, resource_name="red node")
    page = ada.get("/audit/?category=POOL").content.decode()
    assert "blue pool" in page and "red node" not in page
    assert '<option value="POOL" selected>' in page


@pytest.mark.parametrize("query", ["after=xx", "category=EVIL", "since=yesterday", "status=1", "q=%00"])
def test_bad_address_is_named_and_the_list_is_shown(ada: Client, query: str) -> None:
    record(action="NODE_SEEN", category=Category.NODE)
    answer = ada.get(f"/audit/?{query}")
    page = answer.content.decode()
    assert answer.status_code == 400 and 'data-testid="complaint"' in page and "NODE_SEEN" in page


def test_changed_columns_are_shown_before_and_after(ada: Client) -> None:
    record(action="ROW", category=Category.NODE, details={"before": {"a": 1, "b": 2}, "after": {"a": 1, "b": 3}})
    page = ada.get("/audit/").content.decode()
    assert "<del>2</del>" in page and "<ins>3</ins>" in page and "<del>1</del>" not in page


def test_markup_in_an_entry_stays_text(ada: Client) -> None:
    evil = "<img src=x onerror=alert(1)>"
    record(action="X", category=Category.NODE, resource_name=evil, details={"after": {"name": evil}, evil: evil})
    assert "<img" not in ada.get("/audit/").content.decode()


def test_export_is_filtered_audited_and_safe_for_spreadsheets(ada: Client) -> None:
    record(action="NODE_SEEN", category=Category.NODE, resource_name="=HYPERLINK(1)")
    record(action="POOL_GREW", category=Category.POOL)
    rows = exported(ada.post("/audit/export/", {"category": "NODE"}))
    assert rows[0][0] == "timestamp" and len(rows) == 2
    assert rows[1][rows[0].index("resource_name")] == "'=HYPERLINK(1)"
    entry = AuditLog.objects.get(action="AUDIT_EXPORTED")
    assert entry.details["filters"] == {"category": "NODE"}


def test_export_by_get_is_not_possible(ada: Client) -> None:
    assert ada.get("/audit/export/").status_code == 405


@pytest.mark.parametrize("start", list("=+-@\t\r\n"))
def test_formula_cell_begins_with_an_apostrophe(start: str) -> None:
    assert next(csv.reader([csv_line([f"{start}1+1"])]))[0].startswith("'")


def test_changes_name_added_and_removed_columns() -> None:
    found = changes({"gone": "x", "same": 1}, {"new": {"k": [1]}, "same": 1})
    assert found == [Change("gone", "x", None), Change("new", None, '{"k": [1]}')]


def test_entries_of_one_node_are_linked_from_its_page(ada: Client) -> None:
    node = make.node()
    assert f"/audit/?resource={node.pk}" in ada.get(f"/nodes/{node.pk}/").content.decode()
