"""The OpenAPI document is valid, complete, and agrees with what the processes really take."""

from typing import Any

import msgspec
import pytest
from drf_spectacular.validation import validate_schema

from apps.api.urls import agent_addresses, me_addresses, node_addresses, people_addresses, urlpatterns
from apps.api.views.docs import openapi_document
from apps.ingest import shapes, shapes_logins
from apps.ingest.foreign.doors import ADDRESSES, GREETINGS

INGEST = {
    "AgentHeartbeat": shapes.Heartbeat, "AgentMetricsBatch": shapes.MetricsBatch, "AgentSample": shapes.Sample,
    "AgentUsage": shapes.Usage, "AgentProcesses": shapes.Processes, "AgentProcess": shapes.Process,
    "AgentSpool": shapes.Spool, "AgentLoginSessions": shapes_logins.LoginSessions, "AgentLogin": shapes_logins.Login,
    "AgentLoginProcess": shapes_logins.LoginProcess,
}  # fmt: skip


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for item in document["paths"].values() for operation in item.values()]


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate_schema(document)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [ref for inner in value.values() for ref in references(inner)]
        return [ref for inner in value for ref in references(inner)] if isinstance(value, list) else []

    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known


def test_every_address_is_described_with_its_errors_and_its_way_in(document: dict[str, Any]) -> None:
    described = len(document["paths"])
    included = (node_addresses, agent_addresses, me_addresses, people_addresses)
    addresses = len(urlpatterns) - 2 - len(included) + sum(map(len, included))
    assert described == addresses + 4 + len(ADDRESSES) + len(GREETINGS)
    assert {*ADDRESSES, *GREETINGS} <= document["paths"].keys()
    for operation in operations(document):
        assert operation["security"], operation["operationId"]
        if operation["security"] != [{}]:
            assert {"401", "503"} <= set(operation["responses"]), operation["operationId"]
    assert len({operation["operationId"] for operation in operations(document)}) == len(operations(document))


@pytest.mark.parametrize("name", INGEST)
def test_the_ingest_calls_are_described_as_they_are(document: dict[str, Any], name: str) -> None:
    described, fields = document["components"]["schemas"][name], msgspec.structs.fields(INGEST[name])
    assert set(described["properties"]) == {field.encode_name for field in fields}
    assert set(described.get("required", [])) == {field.encode_name for field in fields if field.required}
    assert described["additionalProperties"] is False


def test_no_answer_has_room_for_a_digest(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert not {"digest", "password"} & set(schema.get("properties", {})), name
