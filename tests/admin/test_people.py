"""People in the data-correction site: the same guards as on their own pages."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import ApiToken, User, WebSession
from apps.audit.models import AuditLog
from tests import make
from tests.database import acting_as
from tests.people import api_token, from_provider, somebody, web_session

SignIn = Callable[[str], Client]


@pytest.fixture
def ada(client_as: SignIn) -> Client:
    return client_as("ADMIN")


def address(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def form(user: User, **changes: object) -> dict[str, object]:
    return {
        "email": user.email, "full_name": user.full_name, "username": "", "time_zone": "UTC", "role": user.role,
        "tenant": user.tenant_id or "", "is_active": "on", "reason": "new duties", "notification_email": "",
        "version_read": user.version, **changes,
    }  # fmt: skip


def test_the_second_of_two_editors_is_told_what_the_first_did(ada: Client) -> None:
    user = somebody()
    page = ada.get(address(user)).content.decode()
    assert f'name="version_read" value="{user.version}"' in page
    assert ada.post(address(user), form(user, full_name="First")).status_code == 302
    second = ada.post(address(user), form(user, full_name="Second"))
    assert second.status_code == 200
    assert "ada@example.test changed full_name (Some Body → First)" in second.content.decode()
    user.refresh_from_db()
    assert user.full_name == "First"


def test_a_tenant_is_changed_by_an_admin_of_all_only(ada: Client) -> None:
    user, elsewhere = somebody(), make.tenant()
    ada.post(address(user), form(user, tenant=elsewhere.pk))
    user.refresh_from_db()
    assert user.tenant_id == make.default_tenant().pk
    User.objects.filter(email="ada@example.test").update(tenant=None)
    assert ada.post(address(user), form(user, tenant=elsewhere.pk)).status_code == 302
    user.refresh_from_db()
    assert user.tenant_id == elsewhere.pk
    homeless = ada.post(address(user), form(user, tenant=""))
    assert "Only an ADMIN works for all tenants" in homeless.content.decode()


def test_closing_an_account_ends_what_is_open(ada: Client) -> None:
    user = somebody()
    web_session(user), api_token(user)
    closed = {name: value for name, value in form(user).items() if name != "is_active"}
    assert ada.post(address(user), closed).status_code == 302
    assert not ApiToken.objects.filter(user=user, revoked_at=None).exists()
    assert not WebSession.objects.filter(user=user, revoked_at=None).exists()
    assert AuditLog.objects.filter(is_row_image=False, action__startswith="USER").count() == 1


def test_an_override_is_shown_and_not_edited_here(ada: Client) -> None:
    user = from_provider(1, role="DEVOPS", role_override=True, role_override_reason="on call for a week")
    assert "on call for a week" in ada.get(address(user)).content.decode()
    ada.post(address(user), form(user, role_override="", role_override_reason="mine"))
    user.refresh_from_db()
    assert (user.role_override, user.role_override_reason) == (True, "on call for a week")


def test_ones_own_place_is_for_others_to_change(ada: Client) -> None:
    me = make.user("ADMIN")
    somebody(1, role="ADMIN")
    assert ada.post(address(me), form(me, role="DEVOPS", full_name="Ada Other")).status_code == 302
    me.refresh_from_db()
    closed = {name: value for name, value in form(me).items() if name not in ("is_active", "version_read")}
    assert ada.post(address(me), closed).status_code == 302
    me.refresh_from_db()
    assert (me.full_name, me.role, me.is_active) == ("Ada Other", "ADMIN", True)


def test_a_superuser_is_shown_and_left_to_superusers(ada: Client) -> None:
    User.objects.filter(email="ada@example.test").update(tenant=None)
    with acting_as("omega_owner"):
        root = somebody(1, role="ADMIN", tenant=None, is_superuser=True, password=make.PASSWORD)
    page = ada.get(address(root))
    assert page.status_code == 200 and root.email in page.content.decode()
    assert "Set a new password" not in page.content.decode() and 'name="reason"' not in page.content.decode()
    assert ada.post(address(root), form(root, email="mine@example.test")).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[root.pk])
    new = {"password1": "an unusual sentence 7", "password2": "an unusual sentence 7", "usable_password": "true"}
    assert [ada.get(password).status_code, ada.post(password, new).status_code] == [403, 403]
    root.refresh_from_db()
    assert root.email == "somebody-1@example.test" and root.check_password(make.PASSWORD)
    with acting_as("omega_owner"):
        User.objects.filter(email="ada@example.test").update(is_superuser=True)
    assert ada.get(password).status_code == 200


def test_a_new_person_belongs_to_the_tenant_of_whoever_adds_them(ada: Client) -> None:
    lab = make.tenant()
    User.objects.filter(email="ada@example.test").update(tenant=lab)
    new = {
        "email": "nora@example.test", "full_name": "Nora New", "role": "READONLY", "usable_password": "true",
        "password1": "an unusual sentence 7", "password2": "an unusual sentence 7", "reason": "joined",
    }  # fmt: skip
    assert ada.post(reverse("admin:accounts_user_add"), new).status_code == 302
    assert User.objects.get(email="nora@example.test").tenant_id == lab.pk
