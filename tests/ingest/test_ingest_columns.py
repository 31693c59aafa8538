"""Samples judged together come out as each of them judged alone."""

import json
import math
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from apps.ingest.columns import index_of, judge_columns
from apps.ingest.decode import METRICS, decode
from apps.ingest.faults import Fault, Rejection, rejection
from apps.ingest.samples import Samples
from apps.ingest.shapes import Sample
from apps.ingest.verdicts import NEWEST, OLDEST, GoodSample, judge_sample

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC).timestamp()
ONE, OTHER = UUID(int=1), UUID(int=2)
times = st.one_of(
    st.none(),
    st.floats(NOW - 2 * OLDEST, NOW + 2 * NEWEST),
    st.sampled_from([NOW * 1000, "2026-03-29T01:30:00Z", "2026-03-29", "soon", "2026-03-20T01:30:00+00:00", 0.0]),
)
samples = st.builds(
    Sample,
    type=st.sampled_from(["load", "queue.length", "", "1st", "a" * 101]),
    value=st.floats(allow_nan=True, allow_infinity=True),
    unit=st.sampled_from([None, "", "ms", "\n", "u" * 51]),
    at=times,
    labels=st.sampled_from([b"null", b"{}", b'{"a":"1"}', b'{"b":"2","a":"1"}', b'{"a":1}', b"[]"]).map(msgspec.Raw),
    pool=st.sampled_from([None, None, ONE]),
    session=st.sampled_from([None, None, OTHER]),
)


def one_by_one(found: list[Sample], places: list[int]) -> tuple[list[GoodSample], list[Rejection]]:
    """Judge each sample alone."""
    good, bad = [], []
    for place, sample in zip(places, found, strict=True):
        verdict = judge_sample(sample, NOW)
        if isinstance(verdict, Fault):
            bad.append(rejection(verdict, place, "samples"))
        else:
            good.append(verdict)
    return good, bad


def as_rows(columns: Samples) -> list[GoodSample]:
    """Return columns as single samples."""
    return [
        GoodSample(columns.keys[of], columns.units[of], at, value)
        for of, at, value in zip(columns.of, columns.at.tolist(), columns.value.tolist(), strict=True)
    ]


@given(st.lists(samples, max_size=30), st.booleans())
def test_judged_together_is_as_judged_alone(found: list[Sample], is_thinned: bool) -> None:
    places = [3 * place for place in range(len(found))] if is_thinned else range(len(found))

    columns, bad = judge_columns(found, index_of(found), places, "samples", NOW)

    assert (as_rows(columns), bad) == one_by_one(found, list(places))
    kept = range(len(found)) if columns.places is None else columns.places.tolist()
    refused = {one.index for one in bad}
    assert list(kept) == [place for place in places if place not in refused]


json_samples = st.fixed_dictionaries(
    {"type": st.sampled_from(["load", "queue"]), "value": st.floats(allow_nan=False, allow_infinity=False)},
    optional={
        "unit": st.sampled_from(["ms", 'a":b', ""]),
        "at": st.sampled_from([NOW, "2026-03-29T01:30:00Z"]),
        "labels": st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["1", 'x":y', ""])),
        "pool": st.just(str(ONE)),
    },
)


@given(st.lists(json_samples, max_size=12), st.sampled_from([None, (",", ":"), (", ", ": ")]), st.booleans())
def test_plain_body_is_recognised_and_gives_what_the_careful_way_gives(
    found: list[dict[str, Any]], separators: tuple[str, str] | None, has_node: bool
) -> None:
    batch = {"batch_id": str(ONE), "samples": found} | ({"node_id": str(ONE)} if has_node else {})
    body = msgspec.json.encode(batch) if separators is None else _dumped(batch, separators)

    plain = decode(body, METRICS)
    careful = decode(body.replace(b'"batch_id"', b'"batch_id" ', 1), METRICS)

    assert careful.body == plain.body
    assert (plain.rejected, careful.rejected) == ([], [])
    assert "samples" in careful.places
    if not any('"' in str(one) or one.get("unit") == "" for one in found):
        assert plain.places == {} or not found
    assert not any(math.isnan(sample.value) for sample in plain.body.samples)


def _dumped(content: Any, separators: tuple[str, str]) -> bytes:
    """Return JSON as another encoder writes it."""
    return json.dumps(content, separators=separators).encode()
