"""Somebody remains to administer, however an ADMIN is lost, and whoever else is lost at the same moment."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.requests import context_of_person
from apps.accounts.services.ending import deactivate_person
from apps.accounts.services.overrides import lift_override, override_role
from apps.accounts.services.people import edit_person
from apps.core.context import acting
from apps.core.errors import Conflict
from tests import make
from tests.people import from_provider, somebody
from tests.roles import in_parallel

Loss = Callable[[User, User], Any]


def close(actor: User, user: User) -> Any:
    return deactivate_person(actor=actor, user=user, reason="left", version=None, now=datetime.now(UTC))


def demote(actor: User, user: User) -> Any:
    return edit_person(actor=actor, user=user, changes={"role": "USER"}, version=None)


def override(actor: User, user: User) -> Any:
    return override_role(
        actor=actor, user=user, role="USER", reason="rest", until=None, version=None, now=datetime.now(UTC)
    )


def lift(actor: User, user: User) -> Any:
    return lift_override(actor=actor, user=user, reason="over", version=None, now=datetime.now(UTC))


@pytest.fixture
def root(db: None) -> User:
    """Somebody who may do this and is no row that would be counted."""
    return User(email="root@example.test", role="ADMIN")


@pytest.mark.parametrize("lose", [close, demote])
def test_the_only_admin_is_not_lost(root: User, lose: Loss) -> None:
    ada = make.user("ADMIN")
    somebody(1, role="DEVOPS")
    somebody(2, role="ADMIN", is_active=False)
    with pytest.raises(Conflict) as refusal:
        lose(root, ada)
    assert refusal.value.code == "last_admin"
    ada.refresh_from_db()
    assert (ada.role, ada.is_active) == ("ADMIN", True)


def test_the_only_admin_is_not_lost_by_an_override_or_its_end(root: User) -> None:
    mapped = from_provider(1, role="ADMIN", last_idp_role="ADMIN")
    with pytest.raises(Conflict, match="last open ADMIN"):
        override(root, mapped)
    User.objects.filter(pk=mapped.pk).update(role_override=True, last_idp_role="USER")
    mapped.refresh_from_db()
    with pytest.raises(Conflict, match="last open ADMIN"):
        lift(root, mapped)


@pytest.mark.parametrize("lose", [close, demote])
def test_one_of_two_admins_may_go(root: User, lose: Loss) -> None:
    make.user("ADMIN")
    other = somebody(1, role="ADMIN")
    lose(root, other)
    other.refresh_from_db()
    assert (other.role, other.is_active) != ("ADMIN", True)


def test_an_admin_for_a_while_is_not_counted_on(root: User) -> None:
    ada = make.user("ADMIN")
    until = datetime.now(UTC) + timedelta(days=1)
    from_provider(1, role="ADMIN", role_override=True, role_override_until=until)
    with pytest.raises(Conflict, match="last open ADMIN"):
        demote(root, ada)


def test_an_admin_of_another_tenant_does_not_stand_in_and_one_of_all_does(root: User) -> None:
    ada = make.user("ADMIN")
    somebody(1, role="ADMIN", tenant=make.tenant())
    with pytest.raises(Conflict, match="last open ADMIN"):
        demote(root, ada)
    somebody(2, role="ADMIN", tenant=None)
    assert demote(root, ada).role == "USER"


def test_the_only_admin_of_all_tenants_is_not_moved_into_one(root: User) -> None:
    chief = somebody(1, role="ADMIN", tenant=None)
    make.user("ADMIN")
    with pytest.raises(Conflict, match="last open ADMIN"):
        edit_person(actor=chief, user=chief, changes={"tenant_id": make.default_tenant().pk}, version=None)


@pytest.mark.parametrize("lose", [close, demote])
def test_two_admins_who_remove_each_other_at_once_leave_one(committed: None, lose: Loss) -> None:
    first, second = make.user("ADMIN"), somebody(1, role="ADMIN")

    def remove(actor_id: UUID, user_id: UUID) -> Any:
        with acting(replace(context_of_person(first), user_id=str(actor_id))):
            return _in_own_transaction(lose, actor_id, user_id)

    works = [lambda: remove(first.pk, second.pk), lambda: remove(second.pk, first.pk)]
    outcomes = in_parallel("omega_portal", works)
    assert [type(outcome) for outcome in outcomes].count(Conflict) == 1, outcomes
    assert User.objects.filter(role="ADMIN", is_active=True).count() == 1


def _in_own_transaction(lose: Loss, actor_id: UUID, user_id: UUID) -> Any:
    """Read both as a request would, then do it."""
    with transaction.atomic():
        return lose(User.objects.get(pk=actor_id), User.objects.get(pk=user_id))
