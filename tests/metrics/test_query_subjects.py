"""Questions are answered for the nodes and series that are meant, and for no others."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from apps.core.errors import Invalid, NotFound
from apps.metrics.queries import Combine, Query, Selector
from apps.metrics.selectors.query import run
from apps.nodes.models import Node
from tests import make
from tests.metrics.query_world import World, series_of

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOW = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(days=1)


@pytest.fixture
def fleet() -> dict[str, Node]:
    """Return nodes that differ in what they can be chosen by; each says its number."""
    world = World(NOW)
    nodes = {
        "web": make.node(hostname="web", tags=["web", "eu"], labels={"rack": "a", "ssd": "yes"}, region="north"),
        "db": make.node(hostname="db", tags=["db", "eu"], labels={"rack": "b"}, node_type="storage"),
        "old": make.node(hostname="old", tags=["web"], status="retired"),
        "ill": make.node(hostname="ill", status="error", region="south"),
    }
    for number, node in enumerate(nodes.values()):
        world.add_vitals(node, {NOW - 5 * MINUTE: float(number)})
        world.add_counts(series_of(node, "jobs", kind="gauge", labels={"queue": "qr"[number % 2]}), {NOW - MINUTE: 1.0})
    return nodes


@pytest.mark.parametrize(
    ("selector", "hosts"),
    [
        (Selector(), ["db", "ill", "web"]),
        (Selector(tags=("eu",)), ["db", "web"]),
        (Selector(tags=("eu", "db")), ["db"]),
        (Selector(labels={"rack": "a"}), ["web"]),
        (Selector(labels={"rack": ""}), ["db", "web"]),
        (Selector(labels={"rack": "", "ssd": "yes"}), ["web"]),
        (Selector(node_type="storage"), ["db"]),
        (Selector(status="retired"), ["old"]),
        (Selector(region="south"), ["ill"]),
        (Selector(tags=("nothing",)), []),
    ],
)
def test_nodes_are_chosen_by_what_they_are(selector: Selector, hosts: list[str], fleet: dict[str, Node]) -> None:
    for metric in ("cpu_percent", "jobs"):
        answer = run(Query(metric, NOW - HOUR, NOW, selector), NOW)

        assert [one.subject.hostname for one in answer.series] == hosts
        assert all(any(point.value is not None for point in one.points) for one in answer.series)


def test_named_nodes_are_answered_even_if_retired_and_unknown_ones_are_not_found(fleet: dict[str, Node]) -> None:
    found = run(Query("cpu_percent", NOW - HOUR, NOW, Selector(nodes=(fleet["old"].pk,))), NOW)

    assert [one.subject.hostname for one in found.series] == ["old"]
    for metric in ("cpu_percent", "jobs"):
        with pytest.raises(NotFound) as refusal:
            run(Query(metric, NOW - HOUR, NOW, Selector(nodes=(fleet["web"].pk, uuid4()))), NOW)
        assert refusal.value.field == "node"


def test_series_are_chosen_by_labels_pool_and_session_and_put_together_by_them(fleet: dict[str, Node]) -> None:
    pool, session = uuid4(), uuid4()
    world = World(NOW)
    world.add_counts(series_of(fleet["web"], "jobs", kind="gauge", pool_id=pool), {NOW - MINUTE: 5.0})
    world.add_counts(series_of(fleet["db"], "jobs", kind="gauge", session_id=session), {NOW - MINUTE: 7.0})

    def asked(**more: object) -> dict[tuple[str, ...], list[float]]:
        answer = run(Query("jobs", NOW - HOUR, NOW, step=3600, **more), NOW)  # type: ignore[arg-type]
        return {
            tuple(one.labels.values()): [p.value for p in one.points if p.value is not None] for one in answer.series
        }

    assert asked(labels={"queue": "q"}) == {("q",): [1.0]}
    assert asked(selector=Selector(pool_id=pool)) == {(): [5.0]}
    assert asked(selector=Selector(session_id=session)) == {(): [7.0]}
    assert asked(by=()) == {(): [15.0]}
    assert asked(by=("queue",)) == {("",): [12.0], ("q",): [1.0], ("r",): [2.0]}
    assert asked(by=("hostname",), combine=Combine.AVG) == {("db",): [4.0], ("ill",): [1.0], ("web",): [3.0]}
    assert asked(by=("hostname",), top=1) == {("db",): [8.0]}


def test_name_that_nobody_sent_is_refused_and_known_ones_without_a_match_are_empty(fleet: dict[str, Node]) -> None:
    with pytest.raises(Invalid) as refusal:
        run(Query("no_such", NOW - HOUR, NOW), NOW)

    assert (refusal.value.code, refusal.value.field) == ("unknown_metric", "metric")
    assert run(Query("jobs", NOW - HOUR, NOW, labels={"queue": "zz"}), NOW).series == []
