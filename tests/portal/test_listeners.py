"""What a person may hear is decided in one statement, however many nodes a page shows."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.portal.listeners import audible
from apps.portal.topics import topic_named
from tests import make


@pytest.mark.django_db
def test_visible_nodes_are_found_in_one_statement() -> None:
    person, names = make.user("READONLY"), [f"node:{make.node().pk}" for _ in range(5)]
    topics = [topic for name in ["nodes", "audit", *names, f"node:{uuid4()}"] if (topic := topic_named(name))]

    with CaptureQueriesContext(connection) as statements:
        heard = audible(person, topics)

    assert heard == ["nodes", *names]
    assert sum('FROM "nodes"' in statement["sql"] for statement in statements) == 1
