"""Nodes leave as CSV and come back corrected; nothing happens before the dry run was looked at."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditLog
from apps.core.cells import neutral, original
from apps.nodes.models import Node
from apps.nodes.sheet import COLUMNS, MOST_ROWS
from tests import make

SignIn = Callable[[str], Client]


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-cmd", "@x", "\tx", "\rx"])
def test_dangerous_cells_are_defused_and_come_back(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"
    assert original(neutral(cell)) == cell


@pytest.mark.parametrize("cell", ["", "plain", "-3.5", "+49", "'quoted"])
def test_harmless_cells_stay(cell: str) -> None:
    assert neutral(cell) == cell


def export(client: Client) -> str:
    form = {"format": "0", "resource": "0", **{f"nodesheet_{name}": "on" for name in COLUMNS}}
    answer = client.post(reverse("admin:nodes_node_export"), form)
    assert answer["Content-Type"].startswith("text/csv"), answer.content.decode()[:3000]
    return answer.content.decode()


def upload(client: Client, text: str) -> "tuple[str, dict[str, str]]":
    """Upload a table; return the dry run's page and the form that confirms it."""
    form = {"format": "0", "resource": "0", "import_file": SimpleUploadedFile("nodes.csv", text.encode(), "text/csv")}
    answer = client.post(reverse("admin:nodes_node_import"), form)
    confirm = answer.context.get("confirm_form")
    return answer.content.decode(), dict(confirm.initial) if confirm else {}


def test_export_defuses_formulas_and_is_audited(client_as: SignIn) -> None:
    make.node(hostname="evil", description="=HYPERLINK(0)")
    assert "'=HYPERLINK(0)" in export(client_as("ADMIN"))
    assert AuditLog.objects.filter(action="NODES_EXPORTED").count() == 1


def test_import_shows_a_dry_run_first_and_then_updates(client_as: SignIn) -> None:
    ada, node = client_as("ADMIN"), make.node(hostname="web-1", region="south", description="=1")
    page, confirm = upload(ada, export(ada).replace("south", "north"))
    assert "<ins" in page
    assert Node.objects.get(pk=node.pk).region == "south"
    assert ada.post(reverse("admin:nodes_node_process_import"), confirm).status_code == 302
    fresh = Node.objects.get(pk=node.pk)
    assert (fresh.region, fresh.description) == ("north", "=1")
    assert AuditLog.objects.get(action="NODES_IMPORTED").details["update"] == 1
    assert AuditLog.objects.filter(action="NODE_UPDATED", resource_id=str(node.pk)).count() == 1


def test_import_makes_no_nodes(client_as: SignIn) -> None:
    ada = client_as("ADMIN")
    make.node()
    page, confirm = upload(ada, "id,hostname\n00000000-0000-4000-8000-000000000000,ghost\n")
    assert not confirm
    assert "There is no node with the id" in page
    assert not Node.objects.filter(hostname="ghost").exists()


def test_import_of_garbage_is_an_error_on_the_page(client_as: SignIn) -> None:
    page, confirm = upload(client_as("ADMIN"), '\x00\x01,,,\n"')
    assert not confirm
    assert "Traceback" not in page


def test_table_of_endless_rows_is_refused_before_any_is_read(client_as: SignIn) -> None:
    rows = "x,web\n" * (MOST_ROWS + 1)
    page, confirm = upload(client_as("ADMIN"), f"id,hostname\n{rows}")

    assert not confirm
    assert f"at most {MOST_ROWS} rows" in page
    assert "There is no node" not in page
