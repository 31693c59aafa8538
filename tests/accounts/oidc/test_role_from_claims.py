"""Which role follows from claims: whatever they are, never more than what an administrator mapped."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.permissions import Role
from apps.accounts.rules import BY_MIGHT, ClaimReason, RoleDecision, role_from_claims
from apps.core.text import storable

CLAIM = "portal_roles"
MAPPINGS = {"a": "ADMIN", "d": "DEVOPS", "n": "ANALYST", "u": "USER", "r": "READONLY"}
values = st.lists(st.one_of(st.sampled_from([*MAPPINGS, "A", "", "d "]), st.text(max_size=5)), max_size=8)
mappings = st.dictionaries(st.text(max_size=3), st.sampled_from([*Role.values, "SUPERUSER", "", "admin"]), max_size=6)
json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)


@given(values, st.one_of(st.just(MAPPINGS), mappings))
def test_role_is_the_mightiest_that_a_value_was_mapped_to(found: list[str], mapped: dict[str, str]) -> None:
    decision = role_from_claims({CLAIM: found}, mapped, CLAIM)
    given_roles = [mapped[value] for value in found if mapped.get(value) in Role.values]

    assert decision.problem == ""
    assert decision.role == min(given_roles, key=BY_MIGHT.index, default=None)
    assert {reason.value for reason in decision.reasons} == set(map(storable, found))
    assert set(decision.unknown) == {storable(value) for value in found if mapped.get(value) not in Role.values}


@given(values, values)
def test_order_and_repetition_do_not_matter_and_more_values_never_give_less(some: list[str], more: list[str]) -> None:
    def might(found: list[str]) -> int:
        role = role_from_claims({CLAIM: found}, MAPPINGS, CLAIM).role
        return len(BY_MIGHT) if role is None else BY_MIGHT.index(role)

    assert might(some[::-1] * 2) == might(some)
    assert might(some + more) == min(might(some), might(more))


@given(json)
def test_anything_but_a_list_of_texts_gives_no_role_and_says_so(found: Any) -> None:
    decision = role_from_claims({CLAIM: found}, MAPPINGS, CLAIM)
    is_list = isinstance(found, list) and all(isinstance(value, str) for value in found)

    assert decision.problem == ("" if is_list else "missing" if found is None else "malformed")
    assert is_list or decision.role is None


@given(st.dictionaries(st.text(max_size=5), json, max_size=4))
def test_claims_without_the_claim_give_nothing(claims: dict[str, Any]) -> None:
    assert role_from_claims(claims, MAPPINGS, CLAIM) == RoleDecision(problem="missing")


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"resource_access": {"omega-portal": {"roles": ["d"]}}}, "DEVOPS"),
        ({"resource_access.omega-portal.roles": ["a"], "resource_access": {"omega-portal": {"roles": ["d"]}}}, "ADMIN"),
        ({"resource_access": {"another": {"roles": ["a"]}}}, None),
        ({"resource_access": ["a"]}, None),
    ],
)
def test_claim_may_lie_at_a_path(claims: dict[str, Any], role: str | None) -> None:
    assert role_from_claims(claims, MAPPINGS, "resource_access.omega-portal.roles").role == role


def test_every_value_says_what_it_gave() -> None:
    decision = role_from_claims({CLAIM: ["u", "x", "d", "u"]}, MAPPINGS, CLAIM)

    assert decision.reasons == (ClaimReason("u", "USER"), ClaimReason("x", None), ClaimReason("d", "DEVOPS"))
    assert (decision.role, decision.unknown) == ("DEVOPS", ("x",))


def test_roles_are_ranked_as_they_are_declared() -> None:
    assert list(BY_MIGHT) == Role.values
