"""Every described call with generated input, good and bad: answers are as described, and never a 500."""

import re
from collections.abc import Callable
from itertools import count
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

from apps.accounts.models import Quota, RoleMapping, User
from apps.api.views.docs import openapi_document
from apps.nodes.models import NodeCommand
from tests import make
from tests.people import api_token, invitation, quota_request, somebody, web_session

SignIn = Callable[[str], Client]
RULED = re.compile(
    r"/(me|me/tokens|users/\{user_id\}(/role-override)?|quotas(/\{quota_id\})?|quota-requests"
    r"|role-mappings(/dry-run|/\{mapping_id\})?|invitations)/$"
)
INGEST = r"/agent/((heartbeat|metrics|processes|login-sessions)$|(prometheus|otlp|influx)/)"
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


# What stands for an id in a path, made when the path asks for it.
NUMBERS = count(1)
THERE: dict[str, Callable[[User, int], Any]] = {
    "user_id": lambda me, number: somebody(number),
    "session_id": web_session,
    "invitation_id": lambda me, number: invitation(email=f"n{number}@example.test", key_id=f"{number:012}"),
    "mapping_id": lambda me, number: RoleMapping.objects.create(claim_value=f"value-{number}", role="USER"),
    "quota_id": lambda me, number: Quota.objects.create(user=somebody(number)),
    "request_id": lambda me, number: quota_request(somebody(number)),
}


def aim(case: Case) -> str:
    """Point a call at things that exist, so that it gets further than 404; return the node's key."""
    node = make.node()
    issued = make.key(node)
    there = {"node_id": node.pk, "key_id": issued.row.key_id}
    if "command_id" in case.path_parameters:
        there["command_id"] = NodeCommand.objects.create(node=node, command="ping").pk
    if "/tokens/" in case.path:
        there["key_id"] = api_token(make.user("ADMIN"), key_id=f"{next(NUMBERS):012}").pk
    for name in set(case.path_parameters) & set(THERE):
        there[name] = THERE[name](make.user("ADMIN"), next(NUMBERS)).pk
    for name in set(case.path_parameters) & set(there):
        case.path_parameters[name] = str(there[name])
    if "If-Match" in case.headers and re.fullmatch(r'"\d+"', str(case.headers["If-Match"])):
        case.headers["If-Match"] = '"1"'
    if isinstance(case.body, dict):
        name_plainly(case.body)
    return issued.text


def name_plainly(body: dict[str, Any]) -> None:
    """Leave labels, tags and addresses no text that a schema allows and this door does not: such as a blank."""
    if isinstance(body.get("ip_address"), str):
        body["ip_address"] = "192.0.2.7"
    if isinstance(body.get("labels"), dict):
        body["labels"] = {f"n{number}": value for number, value in enumerate(body["labels"].values())}
    if isinstance(body.get("tags"), list):
        body["tags"] = ["blank" if isinstance(tag, str) and tag and not tag.strip() else tag for tag in body["tags"]]


def checks_for(case: Case) -> list[Any]:
    """Leave out what a schema cannot promise: zones, networks, times to come and claims have rules of their own."""
    return [check for check in CHECKS if check is not positive_data_acceptance] if RULED.search(case.path) else CHECKS


@people.parametrize()
@few
def test_people(case: Case, session: dict[str, Any], one_connection: None) -> None:
    aim(case)
    case.call_and_validate(checks=checks_for(case), **session)


@agents.parametrize()
@few
def test_agents(case: Case, one_connection: None) -> None:
    key = aim(case)
    secret = make.enrollment_token() if case.path.endswith("/enroll") else key
    case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {secret}", "Host": "testserver"})
