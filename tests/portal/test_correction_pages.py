"""Wrong samples are corrected from the node's page: asked for, previewed, confirmed, done, and undone."""

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


def work() -> None:
    """Let the worker do what waits."""
    with acting_as("omega_worker"):
        advance_corrections(clock=timezone.now)


def test_from_the_wish_over_the_preview_to_the_result_and_back(ada: Client, node: Node) -> None:
    correct, listed = f"/nodes/{node.pk}/correct/", f"/nodes/{node.pk}/corrections/"
    assert "Nothing was corrected" in text(ada.get(listed))
    shown = ada.post(correct, typed())
    page = text(shown)
    assert shown.status_code == 200 and "5 samples" in page and "98" in page
    assert not SampleCorrection.objects.exists()

    assert ada.post(correct, typed(confirmed="yes"))["Location"] == listed
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
    ("changes", "complaint"),
    [
        ({"reason": ""}, "required"),
        ({"ends_at": "2020-01-01T00:00"}, "must lie after the start"),
        ({"starts_at": "yesterday"}, "Enter a valid date"),
        ({"kind": "set_null"}, "Choose the vitals"),
        ({"columns": ["cpu_percent"]}, "Removing takes whole samples"),
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
