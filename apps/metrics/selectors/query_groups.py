"""From cells of subjects to points of series: groups, and what stands in gaps. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from apps.metrics.queries import Combine, Fill, Point, Query, Subject
from apps.metrics.selectors.query_numbers import Numbers
from apps.metrics.selectors.query_plan import Plan
from apps.metrics.selectors.query_rows import Cell, Cells
from apps.metrics.selectors.query_subjects import Found

LARGEST = 1e300


@dataclass(frozen=True, slots=True)
class Group:
    """Subjects that become one series."""

    labels_key: object
    subject: Subject
    labels: Mapping[str, str]
    unit: str
    members: Sequence[Found]


def groups_of(rows: Sequence[Found], by: tuple[str, ...] | None) -> list[Group]:
    """Return each subject alone, or groups of all that agree in some labels, in the order of their first members."""
    if by is None:
        return [Group(row.key, row.subject, row.labels, row.unit, (row,)) for row in rows]
    found: dict[tuple[str, ...], list[Found]] = {}
    for row in rows:
        found.setdefault(tuple(row.grounds.get(name, "") for name in by), []).append(row)
    return [
        Group(values, Subject(), dict(zip(by, values, strict=True)), members[0].unit, members)
        for values, members in found.items()
    ]


def cells_of(query: Query, group: Group, cells: Cells) -> Sequence[Cell]:
    """Return the steps of a group, oldest first."""
    if query.by is None:
        return cells.get(group.members[0].key, ())
    steps: dict[datetime, list[float]] = {}
    for member in group.members:
        for cell in cells.get(member.key, ()):
            if cell.value is not None:
                steps.setdefault(cell.at, []).append(cell.value)
    return [Cell(at, _combined(query.combine, steps[at]), len(steps[at])) for at in sorted(steps)]


def total_of(query: Query, group: Group, found: Numbers) -> float | None:
    """Return a group's number over the whole span."""
    told = (found[member.key][0] for member in group.members if member.key in found)
    values = [value for value in told if value is not None]
    if not values:
        return None
    return values[0] if query.by is None else _combined(query.combine, values)


def _combined(how: Combine, values: Sequence[float]) -> float:
    """Return the sum or the mean, of values bounded so that no sum overflows."""
    total = sum(values)
    if not isfinite(total):
        total = sum(min(max(value, -LARGEST), LARGEST) for value in values)
    return total / (1 if how is Combine.SUM else len(values))


def points_of(query: Query, plan: Plan, cells: Sequence[Cell], band: Sequence[Cell]) -> list[Point]:
    """Return the points of one series, with gaps as the question wants them."""
    bands = {cell.at: cell for cell in band} if query.band and query.by is None else {}
    found = {cell.at: cell for cell in cells}
    if query.fill is Fill.NONE:
        return [_point(cell, bands) for cell in cells if cell.value is not None]
    points: list[Point] = []
    before: float | None = None
    for at in plan.steps:
        cell = found.get(at)
        if cell is not None and cell.value is not None:
            points.append(_point(cell, bands))
            before = cell.value
        else:
            points.append(Point(at, before if query.fill is Fill.PREVIOUS and at <= plan.now else None))
    return points


def _point(cell: Cell, bands: Mapping[datetime, Cell]) -> Point:
    """Return a cell as a point, with its band."""
    band = bands.get(cell.at)
    return Point(cell.at, cell.value, band.low if band else None, band.high if band else None)
