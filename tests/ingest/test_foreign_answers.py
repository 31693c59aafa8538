"""Refusals in each protocol's own form, and whether they make its senders come again."""

import json
from datetime import UTC, datetime

import pytest

from apps.core.errors import Forbidden, Invalid, PortalError, Throttled, TooLarge, Unauthenticated
from apps.ingest.errors import NotAllowed, SlowBody, unavailable
from apps.ingest.foreign.doors import INFLUX_1, INFLUX_2, OTLP, PROMETHEUS, Protocol, refusal
from apps.ingest.foreign.head import Head

NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)
EVERY = (PROMETHEUS, OTLP, INFLUX_1, INFLUX_2)
PASSING = {429, 503}


@pytest.mark.parametrize("protocol", EVERY, ids=lambda one: one.check.__name__ + one.name)
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid("bad", "Not \x00 readable \u20ac."), 400),
        (Unauthenticated("invalid_key", "No."), 401),
        (Forbidden("node_retired", "Go."), 403),
        (Forbidden("node_pending", "Wait."), 503),
        (NotAllowed("method_not_allowed", "POST only."), 405),
        (TooLarge("too_large", "Too much."), 413),
        (Throttled("throttled", "Slower.", retry_after=3), 429),
        (unavailable(), 503),
        (SlowBody("slow_body", "Too slow."), 503),
    ],
)
def test_senders_come_again_exactly_when_it_helps(protocol: Protocol, error: PortalError, status: int) -> None:
    reply = refusal(protocol, error, Head("/x", "", {b"content-type": b"application/json"}, NOW))
    assert reply.status == status
    assert ("Retry-After" in reply.headers) == (status in PASSING)
    assert error.code in reply.body.decode("ascii")


def test_each_protocol_has_its_own_form() -> None:
    error, head = Throttled("throttled", "Slower.", retry_after=3), Head("/write", "", {}, NOW)
    assert refusal(PROMETHEUS, error, head).body == b"throttled: Slower."
    assert json.loads(refusal(INFLUX_1, error, head).body) == {
        "code": "too many requests",
        "message": "throttled: Slower.",
        "error": "throttled: Slower.",
    }
    assert refusal(OTLP, error, head).body == bytes([8, 8, 18, 18]) + b"throttled: Slower."
