"""What can be asked for: the vitals, and the named metrics that the asker sees."""

from dataclasses import dataclass

from apps.core import sql
from apps.core.paging import BadCursor, decode_cursor, encode_cursor
from apps.core.text import is_storable
from apps.metrics.vitals import VITALS

ORDER = "metric_names"


@dataclass(frozen=True, slots=True)
class MetricName:
    """One metric; `kind` is gauge, counter, delta or empty, `series` how many are seen (0 for a vital)."""

    name: str
    kind: str
    unit: str
    help: str
    is_vital: bool
    series: int


@dataclass(frozen=True, slots=True)
class NamesPage:
    """Some names in their order, and where the next page begins."""

    rows: list[MetricName]
    next_cursor: str | None


def metric_names(text: str, after: str | None, limit: int) -> NamesPage:
    """Return a page of the names that begin with a text, vitals on the first; raises BadCursor."""
    if not is_storable(text):
        return NamesPage([], None)
    cursor = decode_cursor(after, ORDER, 1) if after else None
    if cursor and not isinstance(cursor.values[0], str):
        raise BadCursor
    last = cursor.values[0] if cursor else ""
    found = sql.fetch_all(__file__, "query_names.sql", {"after": last, "text": text, "limit": limit + 1})
    named = [MetricName(**row, is_vital=False) for row in found[:limit]]
    vitals = [
        MetricName(vital.name, "gauge", vital.unit, vital.label, is_vital=True, series=0)
        for vital in VITALS.values()
        if not cursor and vital.name.startswith(text)
    ]
    return NamesPage(vitals + named, encode_cursor(ORDER, [named[-1].name]) if len(found) > limit else None)
