"""Corrections leave their trace; what must not be touched cannot be."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Tenant, User
from apps.audit.models import AuditLog
from apps.nodes.models import Node, NodeApiKey, NodeResource
from tests import make, signed_in
from tests.people import from_provider

SignIn = Callable[[str], Client]


@pytest.fixture
def ada(client_as: SignIn) -> Client:
    return client_as("ADMIN")


def node_form(node: Node, **changes: Any) -> dict[str, Any]:
    return {
        "hostname": node.hostname, "name": node.name, "description": "", "node_type": node.node_type,
        "tenant": node.tenant_id, "region": "", "location": "", "ip_address": "", "labels": "{}", "tags": "",
        "cpu_model": "", "total_cpu_cores": "8", "total_memory_gb": "32", "total_storage_gb": "", "gpu_model": "",
        "gpu_count": "0", "os_name": "", "machine_id": node.machine_id, "heartbeat_interval_seconds": "10",
        "silence_grace_seconds": "30", "reason": "typo on the label", **changes,
    }  # fmt: skip


def user_form(user: User, **changes: Any) -> dict[str, Any]:
    return {
        "email": user.email, "full_name": user.full_name, "username": "", "time_zone": "UTC", "role": user.role,
        "tenant": user.tenant_id or "", "is_active": "on", "reason": "new duties", **changes,
    }  # fmt: skip


def change(model: str, row: Any) -> str:
    return reverse(f"admin:{model}_change", args=[row.pk])


def test_a_correction_writes_one_event_and_the_row_image_with_the_reason(ada: Client) -> None:
    node = make.node()
    answer = ada.post(change("nodes_node", node), node_form(node, region="north"))
    assert answer.status_code == 302
    node.refresh_from_db()
    assert node.region == "north"
    event = AuditLog.objects.get(action="NODE_CORRECTED")
    image = AuditLog.objects.get(action="NODE_UPDATED", resource_id=str(node.pk))
    assert event.request_id == image.request_id != ""
    assert event.reason == image.reason == "typo on the label"
    assert event.user_email == image.user_email == "ada@example.test"
    assert image.details["after"] == {"region": "north"}


def test_a_correction_without_a_reason_is_not_made(ada: Client) -> None:
    node = make.node()
    answer = ada.post(change("nodes_node", node), node_form(node, region="north", reason=" "))
    assert answer.status_code == 200
    node.refresh_from_db()
    assert node.region == ""


def test_state_and_contact_of_a_node_are_not_corrected_here(ada: Client) -> None:
    node = make.node()
    ada.post(change("nodes_node", node), node_form(node, status="retired", last_heartbeat="2001-01-01"))
    node.refresh_from_db()
    assert node.status == "active"
    assert node.last_heartbeat is not None
    assert node.last_heartbeat.year > 2001


def test_history_shows_before_and_after(ada: Client) -> None:
    node = make.node(region="south")
    ada.post(change("nodes_node", node), node_form(node, region="north"))
    page = ada.get(reverse("admin:nodes_node_history", args=[node.pk])).content.decode()
    assert "south" in page
    assert "north" in page
    assert "typo on the label" in page


def test_a_node_links_to_its_page_in_the_portal(ada: Client) -> None:
    node = make.node()
    assert reverse("nodes:detail", args=[node.pk]) in ada.get(change("nodes_node", node)).content.decode()


@pytest.mark.parametrize("model", ["accounts_user", "accounts_tenant", "nodes_node", "nodes_noderesource"])
def test_nothing_is_deleted(ada: Client, model: str) -> None:
    node = make.node()
    resource = NodeResource.objects.create(node=node, resource_type="cpu", capacity=8, unit="cores")
    rows = {
        "accounts_user": make.user("USER"), "accounts_tenant": make.tenant(), "nodes_node": node,
        "nodes_noderesource": resource,
    }  # fmt: skip
    assert ada.post(reverse(f"admin:{model}_delete", args=[rows[model].pk]), {"post": "yes"}).status_code == 403


def test_nobody_adds_changes_or_deletes_audit_entries(ada: Client) -> None:
    ada.post(change("nodes_node", node := make.node()), node_form(node, region="x"))
    entry = AuditLog.objects.first()
    assert entry is not None
    assert ada.post(reverse("admin:audit_auditlog_add"), {}).status_code == 403
    assert ada.post(change("audit_auditlog", entry), {"action": "X"}).status_code == 403
    assert ada.post(reverse("admin:audit_auditlog_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403
    assert ada.get(change("audit_auditlog", entry)).status_code == 200


def test_a_role_change_is_an_event_of_its_own(ada: Client) -> None:
    uma = make.user("USER")
    assert ada.post(change("accounts_user", uma), user_form(uma, role="DEVOPS")).status_code == 302
    event = AuditLog.objects.get(action="USER_ROLE_CHANGED")
    image = AuditLog.objects.get(action="USER_UPDATED", resource_id=str(uma.pk))
    assert (event.resource_id, event.reason) == (str(uma.pk), "new duties")
    assert image.details == {"before": {"role": "USER"}, "after": {"role": "DEVOPS"}}


@pytest.mark.parametrize("changes", [{"role": "USER"}, {"is_active": ""}])
def test_the_last_admin_cannot_be_taken_away(db: None, changes: dict[str, str]) -> None:
    ada, until = make.user("ADMIN"), timezone.now() + timedelta(hours=1)
    other = from_provider(1, role="ADMIN", role_override=True, role_override_until=until)
    signed_in.sign_in(for_a_while := Client(), other)
    form = user_form(ada, **changes)
    answer = for_a_while.post(change("accounts_user", ada), {name: value for name, value in form.items() if value})
    assert answer.status_code == 200 and "last open ADMIN" in answer.content.decode()
    ada.refresh_from_db()
    assert (ada.role, ada.is_active) == ("ADMIN", True)


def test_a_new_person_gets_a_hashed_password_and_no_page_shows_it(ada: Client) -> None:
    new = {
        "email": "Nora@Example.test", "full_name": "Nora New", "role": "READONLY", "password1": "an unusual sentence 7",
        "password2": "an unusual sentence 7", "usable_password": "true", "reason": "joined today",
    }  # fmt: skip
    assert ada.post(reverse("admin:accounts_user_add"), new).status_code == 302
    nora = User.objects.get(email="nora@example.test")
    assert nora.check_password("an unusual sentence 7")
    page = ada.get(change("accounts_user", nora)).content.decode()
    assert "argon2" not in page
    assert "argon2" not in ada.get(reverse("admin:accounts_user_history", args=[nora.pk])).content.decode()


def test_a_password_is_set_by_its_own_form_and_validated(ada: Client) -> None:
    uma = make.user("USER")
    address = f"{change('accounts_user', uma).removesuffix('change/')}password/"
    weak = {"password1": "password", "password2": "password", "usable_password": "true"}
    assert ada.post(address, weak).status_code == 200
    good = {"password1": "an unusual sentence 7", "password2": "an unusual sentence 7", "usable_password": "true"}
    assert ada.post(address, {**good, "set-password": "1"}).status_code == 302
    uma.refresh_from_db()
    assert uma.check_password("an unusual sentence 7")
    assert AuditLog.objects.filter(action="USER_CORRECTED", resource_id=str(uma.pk)).count() == 1


def test_keys_show_no_secret_and_end_by_the_service(ada: Client) -> None:
    issued = make.key(make.node())
    secret = issued.text.rpartition("_")[2]
    page = ada.get(change("nodes_nodeapikey", issued.row)).content.decode()
    assert secret not in page
    assert issued.row.key_id in page
    assert bytes(issued.row.digest).hex() not in page
    form = {"action": "end_chosen", "_selected_action": [issued.row.pk], "reason": "laptop stolen"}
    ada.post(reverse("admin:nodes_nodeapikey_changelist"), form)
    assert NodeApiKey.objects.get(pk=issued.row.pk).revoked_at is not None
    assert AuditLog.objects.get(action="NODE_KEY_REVOKED").reason == "laptop stolen"


def test_keys_do_not_end_without_a_reason(ada: Client) -> None:
    issued = make.key(make.node())
    form = {"action": "end_chosen", "_selected_action": [issued.row.pk]}
    page = ada.post(reverse("admin:nodes_nodeapikey_changelist"), form, follow=True).content.decode()
    assert NodeApiKey.objects.get(pk=issued.row.pk).revoked_at is None
    assert re.search(r"Say why", page)


def test_tenants_are_added_and_closed_by_an_admin_of_all(ada: Client) -> None:
    form = {"slug": "lab", "name": "Lab", "node_limit": "", "is_active": "on", "reason": "new customer"}
    assert ada.post(reverse("admin:accounts_tenant_add"), form).status_code == 403
    assert ada.post(change("accounts_tenant", Tenant.objects.get()), form).status_code == 403
    User.objects.filter(email="ada@example.test").update(tenant=None)
    assert ada.post(reverse("admin:accounts_tenant_add"), form).status_code == 302
    lab = Tenant.objects.get(slug="lab")
    assert ada.post(change("accounts_tenant", lab), {**form, "is_active": "", "reason": "left"}).status_code == 302
    lab.refresh_from_db()
    assert not lab.is_active
