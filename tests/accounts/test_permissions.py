"""What each role may do, as one table kept as text; everything else asks it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser

from apps.accounts.models import User
from apps.accounts.permissions import ALLOWED, Action, Role, allowed, can, may_give
from tests.golden import assert_golden


def test_table_of_roles_and_actions_is_as_written_down() -> None:
    people = {role: User(role=role) for role in Role.values}
    lines = [
        f"{action}: {' '.join(role for role in people if can(people[role], action))}".rstrip() for action in Action
    ]

    assert_golden(Path(__file__).parent / "permissions.txt", sorted(lines))


def test_every_role_stands_in_the_table() -> None:
    assert set(ALLOWED) == set(Role.values)


def test_administrator_may_everything_and_a_reader_changes_nothing_but_their_own_account() -> None:
    assert allowed(User(role="ADMIN")) == frozenset(Action)
    assert {action.rpartition(".")[2] for action in allowed(User(role="READONLY"))} == {"view", "own"}


def test_nobody_gives_away_more_than_they_have() -> None:
    assert [role for role in Role.values if may_give(User(role="DEVOPS"), role)] == [
        "DEVOPS",
        "ANALYST",
        "USER",
        "READONLY",
    ]
    assert all(may_give(User(role="READONLY", is_superuser=True), role) for role in Role.values)
    assert not may_give(AnonymousUser(), "READONLY")
    assert not may_give(User(role="ADMIN"), "OWNER")


@pytest.mark.parametrize("role", Role.values)
def test_closed_account_may_nothing(role: str) -> None:
    assert allowed(User(role=role, is_active=False)) == frozenset()
    assert allowed(User(role=role, is_active=False, is_superuser=True)) == frozenset()


def test_stranger_and_unknown_role_may_nothing() -> None:
    odd = [AnonymousUser(), User(role="OWNER"), User(role=""), SimpleNamespace(is_authenticated=True, is_active=True)]

    assert [allowed(somebody) for somebody in odd] == [frozenset()] * 4


def test_superuser_may_everything_whatever_the_role() -> None:
    assert allowed(User(role="READONLY", is_superuser=True)) == frozenset(Action)


@pytest.mark.parametrize("role", Role.values)
def test_data_correction_site_asks_the_same_table(role: str) -> None:
    person = User(role=role)
    answers = {person.is_staff, person.has_perm("nodes.delete_node"), person.has_module_perms("nodes")}

    assert answers == {can(person, Action.ADMIN_SITE)} == {role == "ADMIN"}
