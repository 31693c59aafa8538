"""Keys: what was made is read back, anything else is refused before the database is asked."""

import re

from hypothesis import given
from hypothesis import strategies as st

from apps.core.keys import AGENT_KEY, ENROLMENT_TOKEN, digests_match, new_key, parse

prefixes = st.sampled_from([AGENT_KEY, ENROLMENT_TOKEN])


@given(prefixes)
def test_new_key_parsed_gives_its_id_and_digest(prefix: str) -> None:
    key = new_key(prefix)
    parsed = parse(key.text, prefix)
    assert parsed is not None
    assert (parsed.key_id, parsed.digest) == (key.key_id, key.digest)
    assert digests_match(parsed.digest, key.digest)


def test_new_key_has_the_documented_shape() -> None:
    assert re.fullmatch(r"omg_[A-Za-z0-9]{12}_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}", new_key(AGENT_KEY).text)
    assert len(new_key(AGENT_KEY).digest) == 32


def test_two_new_keys_share_nothing() -> None:
    one, other = new_key(AGENT_KEY), new_key(AGENT_KEY)
    assert one.key_id != other.key_id
    assert not digests_match(one.digest, other.digest)


def test_key_of_the_other_kind_is_refused() -> None:
    assert parse(new_key(AGENT_KEY).text, ENROLMENT_TOKEN) is None
    assert parse(new_key(ENROLMENT_TOKEN).text, AGENT_KEY) is None


@given(st.data(), st.characters(codec="ascii"))
def test_key_with_one_changed_character_is_refused(data: st.DataObject, other: str) -> None:
    text = new_key(AGENT_KEY).text
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + other + text[at + 1 :]
    assert changed == text or parse(changed, AGENT_KEY) is None


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    assert parse(text, AGENT_KEY) is None


def test_key_with_something_around_it_is_refused() -> None:
    text = new_key(AGENT_KEY).text
    assert [parse(t, AGENT_KEY) for t in (text + "\n", " " + text, text + "A", text[:-1])] == [None] * 4


def test_secrets_are_left_out_of_representations() -> None:
    key = new_key(AGENT_KEY)
    assert key.text not in repr(key)
    assert repr(key.digest) not in repr(parse(key.text, AGENT_KEY))
