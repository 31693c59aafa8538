"""The role mapping page: a table, the values nobody mapped, and a trial that keeps nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import RoleMapping, UnknownClaim, User
from apps.audit.models import AuditLog

SignIn = Callable[[str], Client]


@pytest.fixture
def chief(client_as: SignIn) -> Client:
    """Ada administers all tenants."""
    client = client_as("ADMIN")
    User.objects.filter(email="ada@example.test").update(tenant=None)
    RoleMapping.objects.all().delete()
    return client


def text(answer: Any) -> str:
    """Return a page as text."""
    content: str = answer.content.decode()
    return content


def test_unknown_value_is_mapped_from_where_it_is_shown(chief: Client) -> None:
    UnknownClaim.objects.create(claim_value="night & day", seen_count=7, last_seen_at=timezone.now())
    page = text(chief.get("/people/roles/"))
    assert "7×" in page and "/people/roles/new/?value=night%20%26%20day" in page
    assert 'value="night &amp; day"' in text(chief.get("/people/roles/new/?value=night%20%26%20day"))
    form = {"claim_value": "night & day", "role": "USER", "reason": ""}
    assert "reason" in text(chief.post("/people/roles/new/", form))
    assert chief.post("/people/roles/new/", {**form, "reason": "shifts"}).status_code == 302
    assert not UnknownClaim.objects.exists()
    assert AuditLog.objects.get(action="ROLE_MAPPING_ADDED").reason == "shifts"


def test_value_is_mapped_once(chief: Client) -> None:
    RoleMapping.objects.create(claim_value="ops", role="DEVOPS")
    answer = chief.post("/people/roles/new/", {"claim_value": "ops", "role": "USER", "reason": "x"})
    assert answer.status_code == 422 and "mapped already" in text(answer)


def test_second_of_two_edits_is_told_and_keeps_what_was_typed(chief: Client) -> None:
    row = RoleMapping.objects.create(claim_value="ops", role="DEVOPS")
    edit = f"/people/roles/{row.pk}/edit/"
    chief.post(edit, {"claim_value": "ops", "role": "USER", "comment": "", "version": "1", "reason": "x"})
    answer = chief.post(
        edit, {"claim_value": "ops", "role": "ANALYST", "comment": "mine", "version": "1", "reason": "y"}
    )
    assert answer.status_code == 422
    assert "role (DEVOPS → USER)" in text(answer) and 'value="mine"' in text(answer)
    stale = chief.post(f"/people/roles/{row.pk}/remove/", {"version": "1", "reason": "x"})
    assert stale.status_code == 422 and RoleMapping.objects.exists()
    assert chief.post(f"/people/roles/{row.pk}/remove/", {"version": "2", "reason": "gone"}).status_code == 302
    assert not RoleMapping.objects.exists()
    assert chief.get(edit).status_code == 404


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ('{"portal_roles": ["ops", "cooks", "admins"]}', ["ADMIN", "the mightiest of these", "not mapped, ignored"]),
        ("ops, cooks", ["DEVOPS"]),
        ('["cooks"]', ["None of the values is mapped"]),
        ('{"sub": "x"}', ["is not in there"]),
        ('{"portal_roles": "ops"}', ["is not a list of texts"]),
        ('{"portal_roles": [1]}', ["is not a list of texts"]),
    ],
)
def test_trial_says_the_role_and_why(chief: Client, claims: str, words: list[str]) -> None:
    for value, role in (("ops", "DEVOPS"), ("admins", "ADMIN")):
        RoleMapping.objects.create(claim_value=value, role=role)
    before = AuditLog.objects.count()
    whole = text(chief.post("/people/roles/try/", {"claims": claims}))
    part = text(chief.post("/people/roles/try/", {"claims": claims}, headers={"HX-Request": "true"}))
    assert all(word in whole and word in part for word in words)
    assert "<html" in whole and "<html" not in part
    assert (AuditLog.objects.count(), UnknownClaim.objects.count()) == (before, 0)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ("[" * 5000, "nested"),
        ('{"portal_roles": ["ops"', "not JSON"),
        ('{"a": NaN}', "not a number"),
        ('{"a": 1, "a": 2}', "twice"),
        ("x" * 30_000, "at most 20000"),
        ("a," * 300, "At most 200 roles"),
        ("", "required"),
    ],
)
def test_text_that_is_no_claims_is_named_beside_the_field(chief: Client, claims: str, words: str) -> None:
    answer = chief.post("/people/roles/try/", {"claims": claims})
    assert answer.status_code == 422 and words in text(answer)


def test_the_admin_of_one_tenant_reads_and_tries_it_only(client_as: SignIn) -> None:
    RoleMapping.objects.create(claim_value="ops", role="DEVOPS")
    ada = client_as("ADMIN")
    page = text(ada.get("/people/roles/"))
    assert "ops" in page and "bound to none changes it" in page
    assert not [name for name in ("new-mapping", "edit-mapping", "remove-mapping") if f'data-testid="{name}"' in page]
    assert "DEVOPS" in text(ada.post("/people/roles/try/", {"claims": "ops"}))
    refused = ada.post("/people/roles/new/", {"claim_value": "x", "role": "ADMIN", "reason": "y"})
    assert refused.status_code == 422 and "concerns every tenant" in text(refused)
