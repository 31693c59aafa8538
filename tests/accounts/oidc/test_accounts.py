"""Which account a proven identity gets: its own, never by mere e-mail somebody else's."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import Invitation, RoleMapping, Tenant, UnknownClaim, User, WebSession
from apps.accounts.services.tokens import create_token
from apps.audit.models import AuditLog
from tests import make, signed_in
from tests.accounts.oidc.conftest import code_of, walk
from tests.accounts.oidc.provider import OpenIdProvider
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mapped")]


def invite(email: str, now: datetime, **columns: Any) -> Invitation:
    """Return an open invitation."""
    number = Invitation.objects.count()
    boss = make.user("ADMIN", email="boss@example.test", tenant=None)
    usual = {"tenant": make.default_tenant(), "expires_at": now + timedelta(days=1), "invited_by": boss.pk}
    return Invitation.objects.create(email=email, key_id=f"key{number}", digest=b"x", **{**usual, **columns})


def refusal() -> str:
    """Walk in and return the code of the refusal."""
    return code_of(walk(Client()))


@pytest.mark.parametrize("verified", [False, "true", 1, None, True], ids=repr)
def test_email_of_a_superuser_opens_nothing_of_theirs(verified: Any, op: OpenIdProvider, now: datetime) -> None:
    with acting_as("omega_owner"):
        root = make.user("ADMIN", email="root@example.test", is_superuser=True, password=make.PASSWORD)
    invite("root@example.test", now, user=root)
    op.add("mallory", email="ROOT@example.test", email_verified=verified, roles=["admin"])

    assert refusal() == "ask_to_link"
    root.refresh_from_db()
    assert (root.keycloak_user_id, root.auth_provider, root.is_superuser) == (None, "local", True)
    assert not WebSession.objects.exists()


@pytest.mark.parametrize("verified", [False, "true", 1, None], ids=repr)
def test_invited_account_is_not_linked_for_an_unproven_email(verified: Any, op: OpenIdProvider, now: datetime) -> None:
    uma = make.user("USER")
    invite(uma.email, now, user=uma)
    op.add("uma", email=uma.email, email_verified=verified)

    assert refusal() == "ask_to_link"


def test_invited_account_is_linked_once_and_keeps_its_history(op: OpenIdProvider, now: datetime) -> None:
    uma = make.user("USER", password=make.PASSWORD)
    invitation = invite("UMA@example.test", now, user=uma)
    signed_in.sign_in(local := Client(), uma)
    earlier = create_token(user=uma, name="of whoever held it", can_write=True, days=9, allowed_ips=[], now=now)
    op.add("uma-at-keycloak", email="uma@example.test", roles=["analyst"])
    client = Client()
    walk(client)

    uma.refresh_from_db()
    invitation.refresh_from_db()
    assert (uma.keycloak_user_id, uma.role, uma.password) == ("uma-at-keycloak", "ANALYST", None)
    assert invitation.used_at is not None
    assert (client.get("/").status_code, local.get("/").status_code) == (200, 302)
    program = {"Authorization": f"Bearer {earlier.text}"}
    assert Client().get("/api/v1/me/", headers=program).status_code == 401
    linked = AuditLog.objects.get(action="ACCOUNT_LINKED", resource_id=str(uma.pk))
    assert (linked.details["sessions"], linked.details["tokens"]) == (1, 1)


@pytest.mark.parametrize(
    "columns",
    [
        {"role": "ADMIN"},
        {"is_superuser": True},
        {"role_override": True},
        {"issuer": "https://other.example", "keycloak_user_id": "somebody", "auth_provider": "keycloak"},
        {"is_active": False},
    ],
    ids=["an ADMIN", "a superuser", "with an override", "linked already", "closed"],
)
def test_special_account_is_never_linked(columns: dict[str, Any], op: OpenIdProvider, now: datetime) -> None:
    uma = make.user("USER")
    with acting_as("omega_owner"):
        User.objects.filter(pk=uma.pk).update(**columns)
    invite(uma.email, now, user=uma)
    op.add("mallory", email=uma.email)

    assert refusal() == "ask_to_link"


@pytest.mark.parametrize(
    "fault", ["none", "used", "revoked", "expired", "names nobody", "names another", "of a lesser one", "of nobody"]
)
def test_account_without_an_invitation_of_its_own_is_not_linked(fault: str, op: OpenIdProvider, now: datetime) -> None:
    uma, otto = make.user("USER"), make.user("DEVOPS")
    faults: dict[str, dict[str, Any]] = {
        "used": {"user": uma, "used_at": now},
        "revoked": {"user": uma, "revoked_at": now},
        "expired": {"user": uma, "expires_at": now - timedelta(seconds=1)},
        "names nobody": {},
        "names another": {"user": otto},
        "of a lesser one": {"user": uma, "invited_by": otto.pk},
        "of nobody": {"user": uma, "invited_by": None},
    }
    if fault in faults:
        invite(uma.email, now, **faults[fault])
    op.add("mallory", email=uma.email)

    assert refusal() == "ask_to_link"
    uma.refresh_from_db()
    assert uma.keycloak_user_id is None


def test_invited_stranger_comes_into_the_tenant_of_the_invitation(op: OpenIdProvider, now: datetime) -> None:
    blue = make.tenant(name="Blue")
    invitation = invite("olga@example.test", now, tenant=blue, role="ADMIN")
    op.add("olga", roles=["user"])
    walk(Client())

    olga = User.objects.get(email="olga@example.test")
    assert (olga.tenant, olga.role) == (blue, "USER")
    invitation.refresh_from_db()
    assert invitation.used_at is not None


@pytest.mark.parametrize("columns", [{"email_verified": False}, {"email_verified": "true"}, {"email": "no e-mail"}])
def test_stranger_without_a_proven_email_gets_no_account(columns: dict[str, Any], op: OpenIdProvider) -> None:
    op.add("olga", **columns)

    assert refusal() == "email_unverified"
    assert not User.objects.exists()


def test_known_person_needs_no_proven_email_and_is_not_renamed_by_one(op: OpenIdProvider) -> None:
    person = op.add("olga")
    walk(Client())
    person.email_verified, person.email = False, "victim@example.test"
    client = Client()
    walk(client)

    assert client.get("/").status_code == 200
    assert User.objects.get().email == "olga@example.test"


def test_email_of_somebody_else_here_is_not_taken_over(op: OpenIdProvider) -> None:
    uma, person = make.user("USER"), op.add("olga")
    walk(Client())
    person.email = uma.email
    walk(Client())

    assert User.objects.get(keycloak_user_id="olga").email == "olga@example.test"


def test_missing_mapper_refuses_and_names_the_setting(op: OpenIdProvider) -> None:
    person = op.add("olga", roles=["admin"])
    walk(Client())
    person.roles = None
    answer = walk(Client())

    page = answer.content.decode()
    assert code_of(answer) == "roles_claim_missing"
    assert all(word in page for word in ("omega-portal", "portal_roles", "Add to ID token", "User Client Role"))
    assert User.objects.get().role == "ADMIN"


@pytest.mark.parametrize("roles", ["admin", {"admin": True}, [1, 2], 7], ids=repr)
def test_claim_of_the_wrong_shape_refuses(roles: Any, op: OpenIdProvider) -> None:
    op.add("olga", roles=roles)

    assert refusal() == "roles_claim_malformed"


def test_values_nobody_mapped_are_shown_counted_and_refused(op: OpenIdProvider) -> None:
    op.add("olga", roles=["wizard", "<b>bold</b>"])
    for _ in range(2):
        answer = walk(Client())

    page = answer.content.decode()
    assert code_of(answer) == "no_role"
    assert "wizard" in page and "&lt;b&gt;bold" in page
    assert UnknownClaim.objects.get(claim_value="wizard").seen_count == 2
    assert AuditLog.objects.filter(action="SIGN_IN_REFUSED").latest("id").details["unknown"] == [
        "wizard",
        "<b>bold</b>",
    ]


def test_unknown_values_beside_a_known_one_are_counted_only(op: OpenIdProvider) -> None:
    op.add("olga", roles=["wizard", "user", *(f"group-{n}" for n in range(200))])
    walk(Client())

    assert User.objects.get().role == "USER"
    assert 0 < UnknownClaim.objects.count() <= 20


def test_no_roles_refuses_and_demotes_nobody(op: OpenIdProvider) -> None:
    person = op.add("olga", roles=["admin"])
    walk(Client())
    person.roles = []

    assert refusal() == "no_role"
    assert User.objects.get().role == "ADMIN"


def override(**columns: Any) -> None:
    """Set an override of everybody's role."""
    User.objects.update(role="ANALYST", role_override=True, role_override_reason="covers for Otto", **columns)


@pytest.mark.parametrize("hours", [None, 1])
def test_override_holds_whatever_the_provider_says(hours: int | None, op: OpenIdProvider, now: datetime) -> None:
    person = op.add("olga", roles=["user"])
    walk(Client())
    override(role_override_until=now + timedelta(hours=hours) if hours else None)
    for roles in (["admin"], []):
        person.roles = roles
        walk(Client())

    olga = User.objects.get()
    assert (olga.role, olga.role_override, olga.last_idp_role) == ("ANALYST", True, "")


def test_override_that_ran_out_gives_way(op: OpenIdProvider, now: datetime) -> None:
    op.add("olga", roles=["user"])
    walk(Client())
    override(role_override_until=now - timedelta(seconds=1))
    walk(Client())

    olga = User.objects.get()
    assert (olga.role, olga.role_override, olga.role_override_until) == ("USER", False, None)


def test_mapping_to_a_role_nobody_has_heard_of_gives_none(op: OpenIdProvider) -> None:
    RoleMapping.objects.filter(claim_value="user").delete()
    op.add("olga", roles=["user"])

    assert refusal() == "no_role"


def test_tenant_for_strangers_that_does_not_exist_is_named(op: OpenIdProvider, settings: Settings) -> None:
    settings.OMEGA = settings.OMEGA.model_copy(update={"oidc_tenant": "nowhere"})
    op.add("olga")

    assert refusal() == "tenant_missing"


def test_people_of_a_closed_tenant_stay_out(op: OpenIdProvider) -> None:
    op.add("olga")
    walk(Client())
    Tenant.objects.update(is_active=False)

    assert refusal() == "tenant_closed"


@pytest.mark.parametrize("value", ["a\x00b", "a\ud800b"], ids=["NUL", "half a character"])
def test_role_that_cannot_be_stored_is_an_unknown_one(value: str, op: OpenIdProvider) -> None:
    person = op.add("olga", roles=["user", value])
    client = Client()
    walk(client)
    assert client.get("/").status_code == 200
    assert UnknownClaim.objects.get().claim_value == "a\ufffdb"

    person.roles = ["devops", value]
    walk(Client())
    assert AuditLog.objects.get(action="ROLE_SYNCED").details["values"] == ["devops", "a\ufffdb"]

    person.roles = [value]
    assert refusal() == "no_role"
    assert AuditLog.objects.get(action="SIGN_IN_REFUSED").details["unknown"] == ["a\ufffdb"]
