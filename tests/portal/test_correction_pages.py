"""Wrong samples are corrected from the node's page: asked for, previewed, confirmed, done, and undone."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.metrics.models import SampleCorrection
from apps.metrics.services.correction_work import advance_corrections
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as
from tests.portal.measured import named
from tests.portal.pages import text


@pytest.fixture
def node(db: None) -> Node:
    """A node with ten samples of yesterday noon."""
    made = make.node()
    for minute in range(10):
        make.usage(made, noon() + timedelta(minutes=minute), cpu_percent=98.0)
    return made


def noon() -> datetime:
    """Yesterday, 12:00 UTC."""
    return timezone.now().astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


def typed(**changes: Any) -> dict[str, Any]:
    """Return a filled form, in the zone of the cast."""
    usual = {"what": "vitals", "kind": "remove", "reason": "sensor was broken"}
    span = {"starts_at": f"{noon():%Y-%m-%dT%H:%M:%S}", "ends_at": f"{noon() + timedelta(minutes=5):%Y-%m-%dT%H:%M}"}
    return {**usual, **span, **changes}


def hidden(page: str) -> dict[str, Any]:
    """Return what the preview sends back, as a browser would."""
    found: dict[str, Any] = {}
    for tag in re.findall(r'<input type="hidden"[^>]*>', page):
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            found.setdefault(name[1], []).append(html.unescape(value[1]))
    return found


def work() -> None:
    """Let the worker do what waits."""
    with acting_as("omega_worker"):
        advance_corrections(clock=timezone.now)


def test_from_the_wish_over_the_preview_to_the_result_and_back(ada: Client, node: Node) -> None:
    correct, listed = f"/nodes/{node.pk}/correct/", f"/nodes/{node.pk}/corrections/"
    assert "Nothing was corrected" in text(ada.get(listed))
    shown = ada.post(correct, typed())
    page = text(shown)
    assert shown.status_code == 200 and "5 samples</b> of all vitals" in page and "98" in page
    assert "will be <b>removed</b>" in page and "5 min." in page and 'CPU <span class="muted">%' in page
    assert not SampleCorrection.objects.exists()

    assert ada.post(correct, hidden(page) | {"confirmed": "yes"})["Location"] == listed
    assert "Waiting" in text(ada.get(listed))
    work()
    assert "5 samples" in text(ada.get(listed))

    row = SampleCorrection.objects.get()
    undo = f"/nodes/{node.pk}/corrections/{row.pk}/undo/"
    assert "5 samples of all vitals" in text(ada.get(undo))
    assert ada.post(undo, {"reason": "it was right"}).status_code == 302
    work()
    assert "5 of 5 put back" in text(ada.get(listed))


def test_one_that_failed_says_why_and_is_tried_again(ada: Client, node: Node) -> None:
    row = make.correction(node, state="failed", failure="value out of range", before={"cpu_percent": {"count": 1}})
    listed = text(ada.get(f"/nodes/{node.pk}/corrections/"))
    assert "Failed" in listed and "value out of range" in listed and "Try again" in listed

    retry = f"/nodes/{node.pk}/corrections/{row.pk}/retry/"
    assert "value out of range" in text(ada.get(retry))
    assert ada.post(retry)["Location"] == f"/nodes/{node.pk}/corrections/"
    assert "Running" in text(ada.get(f"/nodes/{node.pk}/corrections/"))
    assert ada.post(retry).status_code == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_at": f"{datetime.now(UTC) - timedelta(days=6):%Y-%m-%dT%H:%M:%S}"},
        {"ends_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"},
        {"kind": "set_null", "columns": ["cpu_percent"]},
        {"shown": ""},
        {"shown": "WzFd:1abcde:forged"},
    ],
)
def test_what_was_not_previewed_is_shown_again_and_not_done(ada: Client, node: Node, changes: dict[str, Any]) -> None:
    correct = f"/nodes/{node.pk}/correct/"
    sent = hidden(text(ada.post(correct, typed()))) | {"confirmed": "yes"} | changes

    again = ada.post(correct, sent)

    assert again.status_code == 422 and "Look again" in text(again)
    assert 'data-testid="correct-preview"' in text(again) and not SampleCorrection.objects.exists()
    assert ada.post(correct, hidden(text(again)) | {"confirmed": "yes"}).status_code == 302


def test_preview_of_another_node_is_no_yes_to_this_one(ada: Client, node: Node) -> None:
    other = make.node()
    for minute in range(10):
        make.usage(other, noon() + timedelta(minutes=minute))
    sent = hidden(text(ada.post(f"/nodes/{other.pk}/correct/", typed())))

    assert ada.post(f"/nodes/{node.pk}/correct/", sent | {"confirmed": "yes"}).status_code == 422
    assert not SampleCorrection.objects.exists()


def test_samples_that_came_since_the_preview_are_shown_first(ada: Client, node: Node) -> None:
    correct = f"/nodes/{node.pk}/correct/"
    sent = hidden(text(ada.post(correct, typed()))) | {"confirmed": "yes"}
    make.usage(node, noon() + timedelta(seconds=90))

    again = ada.post(correct, sent)

    assert again.status_code == 422 and "6 samples" in text(again)
    assert not SampleCorrection.objects.exists()


def test_second_click_asks_for_nothing_more(ada: Client, node: Node) -> None:
    correct = f"/nodes/{node.pk}/correct/"
    sent = hidden(text(ada.post(correct, typed()))) | {"confirmed": "yes"}

    assert [ada.post(correct, sent).status_code for _ in range(2)] == [302, 422]
    work()
    assert "no such sample" in text(ada.post(correct, sent))
    assert SampleCorrection.objects.count() == 1


def test_preview_has_nothing_to_type_into_and_leads_back_to_what_was_typed(ada: Client, node: Node) -> None:
    correct = f"/nodes/{node.pk}/correct/"
    asked = typed(kind="set_null", columns=["cpu_percent", "ram_percent"])
    page = text(ada.post(correct, asked))
    form = page[page.index("correct-form") : page.index("</form>", page.index("correct-form"))]

    assert "CPU, Memory will be <b>set to unknown</b>" in page
    assert set(re.findall(r'<(?:input|select|textarea)[^>]*type="(\w+)"', form)) == {"hidden"}
    assert "<select" not in form and "<textarea" not in form and "autofocus" in form

    back = text(ada.post(correct, hidden(page) | {"change": "yes"}))
    assert "correct-preview" not in back and "sensor was broken" in back
    assert len(re.findall(r'name="columns"[^>]* checked', back)) == 2


def test_boxes_that_are_not_seen_do_not_count(ada: Client, node: Node) -> None:
    page = text(ada.post(f"/nodes/{node.pk}/correct/", typed(columns=["cpu_percent"])))

    assert "of all vitals" in page and "will be <b>removed</b>" in page


def test_series_named_by_the_address_is_chosen_among_thousands(ada: Client, node: Node) -> None:
    rows = [named(node, f"m{number:03}", [1.0, 2.0]) for number in range(55)]
    page = text(ada.get(f"/nodes/{node.pk}/correct/?what={rows[54].pk}"))

    assert page.count("<option") == 1 + 50 + 1 + 2
    assert f'<option value="{rows[54].pk}" selected>m054</option>' in page and "m053" not in page
    soon = datetime.now(UTC) + timedelta(minutes=1)
    span = {"starts_at": f"{noon():%Y-%m-%dT%H:%M}", "ends_at": f"{soon:%Y-%m-%dT%H:%M:%S}"}
    assert "2 samples</b> of m054" in text(ada.post(f"/nodes/{node.pk}/correct/", typed(what=rows[54].pk, **span)))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"reason": ""}, "required"),
        ({"ends_at": "2020-01-01T00:00"}, "must lie after the start"),
        ({"starts_at": "yesterday"}, "Enter a valid date"),
        ({"kind": "set_null"}, "Choose the vitals"),
        ({"what": "4711"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    ada: Client, node: Node, changes: dict[str, Any], complaint: str
) -> None:
    answer = ada.post(f"/nodes/{node.pk}/correct/", typed(**changes))

    assert answer.status_code == 422 and complaint in text(answer)


def test_what_another_tenant_measured_is_not_found(ada: Client) -> None:
    other = make.node(tenant=make.tenant())
    row = make.correction(other)
    for address in ("correct/", "corrections/", f"corrections/{row.pk}/undo/", f"corrections/{row.pk}/retry/"):
        assert ada.get(f"/nodes/{other.pk}/{address}").status_code == 404
    mine = make.node()
    assert ada.get(f"/nodes/{mine.pk}/corrections/{row.pk}/undo/").status_code == 404


def test_a_correction_by_somebody_who_is_gone_is_still_shown(ada: Client) -> None:
    row = make.correction(make.node(), actor=None)
    assert "somebody" in text(ada.get(f"/nodes/{row.node_id}/corrections/"))


@pytest.mark.parametrize("role", ["DEVOPS", "USER"])
def test_others_are_not_offered_what_they_may_not_do(client_as: Callable[[str], Client], node: Node, role: str) -> None:
    page = text(client_as(role).get(f"/nodes/{node.pk}/"))
    assert "correct-data" not in page and "/corrections/" not in page
