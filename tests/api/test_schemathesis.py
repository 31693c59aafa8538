"""Every described call with generated input, good and bad: answers are as described, and never a 500."""

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.api.views.docs import openapi_document
from apps.nodes.models import NodeCommand
from tests import make

SignIn = Callable[[str], Client]
INGEST = r"/agent/(heartbeat|metrics|processes)$"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    positive_data_acceptance,
]
document = schemathesis.openapi.from_dict(openapi_document())
document.app = WSGIHandler()
# A schema cannot say that a text holds no NUL; that it is refused is tested by hand.
document.config.generation.update(allow_x00=False)
people = document.exclude(path_regex="/agent/")
agents = document.include(path_regex="/agent/").exclude(path_regex=INGEST)
few = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def one_connection(db: None) -> Any:
    """Keep the test's own transaction open over the requests' signals; the test client turns them on again."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)
    request_started.connect(close_old_connections)


@pytest.fixture
def session(client_as: SignIn) -> dict[str, Any]:
    """Ada's cookies, and the CSRF token that her writes carry."""
    client = client_as("ADMIN")
    token = client.get("/api/docs/").context["csrf_token"]
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    return {"cookies": cookies, "headers": {"X-CSRFToken": str(token), "Host": "testserver"}}


def aim(case: Case) -> str:
    """Point a call at things that exist, so that it gets further than 404; return the node's key."""
    node = make.node()
    issued = make.key(node)
    there = {"node_id": node.pk, "key_id": issued.row.key_id}
    if "command_id" in case.path_parameters:
        there["command_id"] = NodeCommand.objects.create(node=node, command="ping").pk
    for name in set(case.path_parameters) & set(there):
        case.path_parameters[name] = str(there[name])
    return issued.text


@people.parametrize()
@few
def test_people(case: Case, session: dict[str, Any], one_connection: None) -> None:
    aim(case)
    case.call_and_validate(checks=CHECKS, **session)


@agents.parametrize()
@few
def test_agents(case: Case, one_connection: None) -> None:
    key = aim(case)
    secret = make.enrollment_token() if case.path.endswith("/enroll") else key
    case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {secret}", "Host": "testserver"})
