"""What a process remembers between groups: words, series, hours and keys."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import PortalError
from apps.core.keys import ParsedKey
from apps.ingest.key_cache import KEPT_SECONDS, KeyCache
from apps.ingest.keys import Caller
from apps.ingest.remembered import LONGEST_KEPT, remembered
from apps.ingest.samples import SeriesKey
from apps.ingest.store.memory import OpenHours
from apps.ingest.store.table import SeriesTable, names_of

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
CALLER = Caller(ParsedKey("a" * 12, b"digest"), None)


def test_long_words_are_judged_anew_and_never_kept() -> None:
    judged: list[str] = []

    @remembered(10, lambda text: len(text))
    def judge(text: str) -> str:
        judged.append(text[:1])
        return text

    for text in ("a", "a", "b" * (LONGEST_KEPT + 1), "b" * (LONGEST_KEPT + 1)):
        assert judge(text) == text
    assert judged == ["a", "b", "b"]


keys = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 400)), unique=True, max_size=300
)  # (node, number of the metric)


@given(keys, keys, st.sampled_from([64, 1024, 2**14]))
def test_table_answers_as_a_dictionary_does_or_not_at_all(
    first: list[tuple[int, int]], second: list[tuple[int, int]], largest: int
) -> None:
    table, known = SeriesTable(largest), dict[tuple[int, int], int]()
    tenant = UUID(int=99)
    for batch in (first, second):
        for node in {node for node, _ in batch}:
            own = [number for one, number in batch if one == node]
            names = names_of(tenant, UUID(int=node), [SeriesKey(f"m{number}", "{}") for number in own])
            series = np.array([1 + node * 1000 + number for number in own], np.int32)
            table.note(names, series, series.astype(np.float64), series.astype(np.uint32))
            known |= {(node, number): 1 + node * 1000 + number for number in own}
    for node, number in [*known, (7, 1), (1, 999)]:
        slots = table.find(names_of(tenant, UUID(int=node), [SeriesKey(f"m{number}", "{}")]))
        found = int(table.series(slots)[0])
        assert found in (0, known.get((node, number), 0))
        if largest > 1024:
            assert found == known.get((node, number), 0)
    assert len(table) * 2 <= largest


def test_series_of_another_tenant_pool_or_label_are_others() -> None:
    table = SeriesTable()
    key = SeriesKey("load", "{}")
    table.note(names_of(UUID(int=1), UUID(int=2), [key]), np.array([5], np.int32), np.zeros(1), np.zeros(1, np.uint32))
    others = [key._replace(labels='{"a":"1"}'), key._replace(pool=UUID(int=3)), key._replace(session=UUID(int=3))]

    assert table.series(table.find(names_of(UUID(int=1), UUID(int=2), [key, *others]))).tolist() == [5, 0, 0, 0]
    assert table.series(table.find(names_of(UUID(int=9), UUID(int=2), [key]))).tolist() == [0]


def test_open_hour_is_marked_once_and_an_hour_that_is_over_every_time() -> None:
    hours, node = OpenHours(), UUID(int=1)
    this_hour = NOW.replace(minute=0).timestamp()
    marks = {(node, this_hour), (node, this_hour - 3600)}

    assert hours.missing(marks, NOW) == sorted(marks)
    hours.note(sorted(marks), NOW)
    assert hours.missing(marks, NOW) == [(node, this_hour - 3600)]
    assert hours.missing(marks, NOW + timedelta(hours=1)) == sorted(marks)


def test_key_is_known_for_a_second_only() -> None:
    moment = 0.0
    cache = KeyCache(lambda: moment)
    stranger = Caller(ParsedKey("b" * 12, b"other"), None)
    assert not cache.is_known(CALLER)
    cache.note(CALLER, is_good=True)
    cache.note(stranger, is_good=False)

    assert cache.is_known(CALLER)
    with pytest.raises(PortalError, match="not accepted"):
        cache.is_known(stranger)
    moment = KEPT_SECONDS
    assert not cache.is_known(CALLER)
    assert not cache.is_known(stranger)
