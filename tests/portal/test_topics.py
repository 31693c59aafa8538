"""The grammar of topics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.permissions import Action
from apps.portal.topics import MOST_TOPICS, topic_named, wanted_topics

NODE = "node:0b5ecf6e-64e8-4b0e-9d0f-3a1d6f1d5f10"
PLAIN = st.none() | st.booleans() | st.text() | st.integers()
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("nodes", Action.NODES_VIEW),
        ("audit", Action.AUDIT_VIEW),
        (NODE, Action.NODES_VIEW),
        (NODE.replace("node", "token"), Action.NODES_ENROL),
    ],
)
def test_known_topic_names_the_action_it_needs(name: str, action: Action) -> None:
    topic = topic_named(name)
    assert topic is not None and topic.action == action


@pytest.mark.parametrize(
    "name", ["", "node:", "node:1", NODE.upper(), f"{NODE} ", f"{NODE}\n", "alerts*", "live:lost", 3, None]
)
def test_anything_else_is_no_topic(name: object) -> None:
    assert topic_named(name) is None


@given(JSON)
def test_no_message_breaks_the_reader(message: object) -> None:
    wanted = wanted_topics(message)
    assert wanted is None or all(topic.name for topic in wanted)


def test_too_many_topics_are_refused() -> None:
    assert wanted_topics({"subscribe": ["nodes"] * (MOST_TOPICS + 1)}) is None
