"""What happened to a node while a chart was measured: every part of the portal may add its moments.

A provider is asked for one node and one span, in the context of the person who looks, and returns what happened in it.
To add one, append it to `PROVIDERS` when its app is ready; the charts show its markers without further work.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from apps.nodes.models import Node
from apps.nodes.selectors import lifecycle_between

MOST_MARKERS = 500


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment on a chart: its kind as a stable word, a text for people, and where to read more."""

    at: datetime
    kind: str
    text: str
    url: str = ""


Provider = Callable[[Node, datetime, datetime], Iterable[Marker]]


def lifecycle_markers(node: Node, start: datetime, end: datetime) -> list[Marker]:
    """Changes of the node's state."""
    return [
        Marker(event.timestamp, event.event_type, event.get_event_type_display())
        for event in lifecycle_between(node, start, end)
    ]


PROVIDERS: list[Provider] = [lifecycle_markers]


def markers_of(node: Node, start: datetime, end: datetime) -> list[Marker]:
    """Everything that happened to a node within [start, end), oldest first; the newest where there is too much."""
    found = [marker for provider in PROVIDERS for marker in provider(node, start, end)]
    return sorted(found, key=attrgetter("at"))[-MOST_MARKERS:]
