"""What a process keeps of the series that vitals are made of."""

import json
import weakref
from datetime import UTC, datetime
from uuid import UUID

from apps.metrics.scrape_grids import Layout
from apps.metrics.services.vitals_series import Span, find_series

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def layout_of(node: int, mount: str) -> Layout:
    """Return how the series of a node are laid out, one of them that of a file system."""
    named = [("node_load1", {"instance": f"n{node}:9100"}), ("node_filesystem_size_bytes", {"mountpoint": mount})]
    note = json.dumps([(1000 * node + number, *one) for number, one in enumerate(named)])
    [reading] = find_series([Span(UUID(int=node), f"n{node}", 1, NOW, NOW, NOW, "", note)], NOW)
    return reading.own.layout


def test_layouts_that_no_node_has_any_more_are_forgotten() -> None:
    every = [weakref.ref(layout_of(1, f"/pods/{number}")) for number in range(1000)]
    assert sum(one() is not None for one in every) == 1


def test_machines_of_one_kind_share_a_layout() -> None:
    assert layout_of(2, "/data") is layout_of(3, "/data")
    assert layout_of(2, "/data") is not layout_of(3, "/other")
