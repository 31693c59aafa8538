"""What the database adds to an entry: its id, whom it is about, whose tenant's it is, and its commitments."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from apps.accounts.models import ApiToken, Invitation, Quota, QuotaRequest, User, WebSession
from apps.audit.models import AuditLog, Category, Status
from apps.audit.rules import commitment
from apps.audit.services import record
from apps.core.context import RequestContext, acting
from apps.nodes.models import NodeResource
from tests import make
from tests.audit.conftest import ADA

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
SOMEBODY = UUID(int=9)


def newest(**columns: Any) -> AuditLog:
    """Return the newest entry with these columns."""
    return AuditLog.objects.filter(**columns).latest("id")


def text_of(entry: AuditLog, expression: str) -> Any:
    """Return a column as PostgreSQL prints it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression} FROM audit_logs WHERE id = %s", [entry.id])  # noqa: S608
        return cursor.fetchone()[0]


def test_database_and_python_commit_alike() -> None:
    with acting(ADA):
        personal = {"b": 1, "a": "ü"}
        record(action="T", category=Category.USER, subject_id=SOMEBODY, resource_name="Zoë 🦊", personal=personal)

    entry = newest(action="T")
    actor = [entry.user_email, text_of(entry, "ip_address::text"), entry.user_agent]
    assert commitment(bytes(entry.actor_salt or b""), actor) == bytes(entry.actor_digest or b"")
    subject = [entry.resource_name, text_of(entry, "personal::text")]
    assert commitment(bytes(entry.subject_salt or b""), subject) == bytes(entry.subject_digest or b"")


def test_equal_values_have_different_digests() -> None:
    with acting(ADA):
        for _ in range(2):
            record(action="T", category=Category.NODE)

    one, other = AuditLog.objects.filter(action="T")
    assert one.actor_digest != other.actor_digest
    assert len(bytes(one.actor_salt or b"")) == 32


def test_entry_of_the_system_about_a_machine_has_nothing_to_commit_to() -> None:
    record(action="T", category=Category.NODE, resource_type="node", resource_name="node-1")

    entry = newest(action="T")
    assert (entry.actor_salt, entry.actor_digest, entry.subject_salt, entry.subject_digest) == (None,) * 4


def test_writer_chooses_neither_id_nor_digests() -> None:
    forged = {"user_email": "ada@example.test", "actor_salt": b"s", "actor_digest": b"d"}
    AuditLog.objects.bulk_create([AuditLog(id=-7, action="T", category="NODE", **forged)])

    entry = newest(action="T")
    assert entry.id > 0
    assert (bytes(entry.actor_salt or b""), bytes(entry.actor_digest or b"")) != (b"s", b"d")


def test_image_of_a_person_keeps_who_they_are_apart() -> None:
    uma = make.user("USER")
    User.objects.filter(pk=uma.pk).update(full_name="Uma Usher", role="DEVOPS")

    created, changed = AuditLog.objects.filter(resource_type="user", subject_id=uma.pk).order_by("id")
    assert created.personal["after"]["email"] == "uma@example.test"
    columns = {"email", "username", "full_name", "notification_email", "keycloak_user_id"}
    assert (set(created.personal["after"]), columns & set(created.details["after"])) == (columns, set())
    assert changed.personal == {"before": {"full_name": "Uma User"}, "after": {"full_name": "Uma Usher"}}
    assert changed.details == {"before": {"role": "USER"}, "after": {"role": "DEVOPS"}}
    assert "uma" not in str([created.details, changed.details]).lower()


def test_images_of_what_a_person_owns_are_about_them_and_in_their_tenant(now: Any) -> None:
    uma, tenant = make.user("USER"), make.tenant()
    User.objects.filter(pk=uma.pk).update(tenant=tenant)
    ApiToken.objects.create(key_id="k", user=uma, name="Uma's laptop", digest=b"d" * 32, expires_at=now)
    Quota.objects.create(user=uma, cpu_cores=4)

    for kind in ("api_token", "quota"):
        entry = newest(resource_type=kind)
        assert (entry.subject_id, entry.tenant_id) == (uma.pk, tenant.pk)
    token = newest(resource_type="api_token")
    assert token.personal == {"after": {"name": "Uma's laptop", "allowed_ips": []}}
    assert "laptop" not in str(token.details)


def test_invitation_is_about_itself_until_somebody_is_known(now: Any) -> None:
    invitation = Invitation.objects.create(
        tenant=make.tenant(), email="new@example.test", key_id="i", digest=b"d" * 32, expires_at=now
    )

    entry = newest(resource_type="invitation")
    assert (entry.subject_id, entry.tenant_id) == (invitation.pk, invitation.tenant_id)
    assert "new@" not in str(entry.details)


def test_event_about_what_a_person_owns_is_about_them_though_its_writer_does_not_say_so(now: Any) -> None:
    """So `resource_name` is personal there, and goes when they are erased."""
    uma = make.user("USER")
    token = ApiToken.objects.create(key_id="k", user=uma, name="Uma's laptop", digest=b"d" * 32, expires_at=now)
    wish = QuotaRequest.objects.create(user=uma, reason="more", cpu_cores=2)
    owned = {
        "api_token": token.pk,
        "quota": Quota.objects.create(user=uma, cpu_cores=4).pk,
        "quota_request": wish.pk,
        "web_session": WebSession.objects.create(user=uma, session_digest="d", expires_at=now).pk,
        "invitation": Invitation.objects.create(
            tenant=uma.tenant, user=uma, email=uma.email, key_id="i", digest=b"d" * 32, expires_at=now
        ).pk,
    }
    for kind, key in owned.items():
        record(action=f"T_{kind}", category=Category.USER, resource_type=kind, resource_id=key, resource_name=uma.email)

    for kind in owned:
        entry = newest(action=f"T_{kind}")
        assert (kind, entry.subject_id, entry.subject_digest is not None) == (kind, uma.pk, True)


def test_quota_of_a_tenant_is_about_nobody() -> None:
    quota = Quota.objects.create(tenant=make.tenant(), cpu_cores=4)
    record(action="T", category=Category.USER, resource_type="quota", resource_id=quota.pk, resource_name="Physics")

    assert (newest(action="T").subject_id, newest(action="T").subject_digest) == (None, None)


def test_rows_of_a_node_are_in_its_tenant() -> None:
    node = make.node(tenant=make.tenant())
    NodeResource.objects.create(node=node, resource_type="cpu", capacity=8, unit="cores")

    assert newest(resource_type="node_resource").tenant_id == node.tenant_id


@pytest.mark.parametrize("typed", ["uma@example.test", "UMA@Example.TEST"])
def test_refused_sign_in_is_about_the_account_whose_email_was_typed(typed: str) -> None:
    uma = make.user("USER")
    record(action="T", category=Category.AUTH, resource_type="user", resource_name=typed, status=Status.FAILURE)
    record(action="U", category=Category.AUTH, resource_type="user", resource_name="stranger@example.test")

    assert (newest(action="T").subject_id, newest(action="T").tenant_id) == (uma.pk, uma.tenant_id)
    assert newest(action="U").subject_id is None
    assert newest(action="U").subject_digest is not None


@pytest.mark.parametrize(("tenants", "expected"), [(str(SOMEBODY), SOMEBODY), ("all", None), ("", None), ("a,b", None)])
def test_event_without_a_tenant_takes_the_only_one_of_its_actor(tenants: str, expected: UUID | None) -> None:
    with acting(RequestContext(tenant_ids=tenants)):
        record(action="T", category=Category.NODE)

    assert newest(action="T").tenant_id == expected
