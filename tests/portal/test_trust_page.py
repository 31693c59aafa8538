"""Whoever reads figures sees how far they can be trusted: on the node, in the list and on the first page."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.metrics.models import IngestTrust
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as
from tests.portal.pages import text

Queries = Callable[[int], Any]


@pytest.fixture
def node(db: None) -> Any:
    """A node whose clock is far ahead, with two days of counts."""
    made = make.node(agent_version="1.2.0", clock_skew_seconds=3700.0)
    make.node(agent_version="1.10.0")
    now = timezone.now()
    with acting_as("data_collector"):
        IngestTrust.objects.create(
            node=made, day=now.date(),
            accepted=12345, duplicate=7, rejected=3, rejected_codes={"in_future": 3},
            refused_codes={"too_many_items": 2}, protocols={"prometheus": 9}, heartbeats=4,
            skew_min=-2.0, skew_max=61.0, repeated=4, late_seconds_max=7260.0,
            spool_at=now, spool_waiting=500, spool_oldest_at=now - timedelta(hours=2), spool_dropped=9,
            spool_quarantined=1,
        )  # fmt: skip
    for minutes in (60, 59, 58, 57, 3, 2, 1):
        make.usage(made, now - timedelta(minutes=minutes))
    Node.objects.filter(pk=made.pk).update(created_at=now - timedelta(hours=2))
    return made


def test_the_page_says_clock_gaps_backlog_refusals_and_version(ada: Client, node: Any) -> None:
    page = text(ada.get(f"/nodes/{node.pk}/trust/"))

    for told in (
        "62 min ahead",
        "500 waiting",
        "9 dropped",
        "1.10.0 is in the fleet",
        "12\u202f345 samples taken",
        "7 duplicates",
        "4 <span",
        "2 h 1 min after measuring",
        'Prometheus</span> <span class="muted">9 requests',
    ):
        assert told in page
    assert "in_future" in page and "set up time synchronisation" in page
    assert "too_many_items" in page and "2 requests" in page
    assert page.count("nothing came") == 13
    assert 'data-testid="trust-gaps"' in page


def test_a_node_that_sent_nothing_has_an_empty_page_that_says_so(ada: Client) -> None:
    page = text(ada.get(f"/nodes/{make.node().pk}/trust/"))

    assert "Nothing was counted yet" in page and "not told" in page


@pytest.mark.parametrize("address", ["/", "/nodes/", "/nodes/{}/", "/nodes/{}/now/"])
def test_a_skewed_clock_is_seen_wherever_the_node_is(ada: Client, node: Any, address: str) -> None:
    assert 'data-clock="bad"' in text(ada.get(address.format(node.pk)))


def test_a_right_clock_is_no_news(ada: Client) -> None:
    make.node(clock_skew_seconds=0.3)
    assert "data-clock" not in text(ada.get("/")) + text(ada.get("/nodes/"))


def test_another_tenants_node_is_not_found(ada: Client) -> None:
    other = make.node(tenant=make.tenant())
    assert ada.get(f"/nodes/{other.pk}/trust/").status_code == 404


def test_trust_costs_three_statements_more_than_the_head(
    ada: Client, node: Any, django_assert_max_num_queries: Queries
) -> None:
    with django_assert_max_num_queries(13):
        ada.get(f"/nodes/{node.pk}/trust/")


def test_programs_read_the_same(ada: Client, node: Any) -> None:
    found = ada.get(f"/api/v1/nodes/{node.pk}/trust/").json()

    assert (found["clock"], found["newest_version"], found["is_outdated"]) == ("bad", "1.10.0", True)
    assert (found["days"][0]["counts"]["rejected_codes"], found["days"][1]["counts"]) == ({"in_future": 3}, None)
    assert found["spool"]["waiting"] == 500
    assert found["coverage"]["gap_count"] == len(found["coverage"]["gaps"]) >= 1
