"""Who gets into the data-correction site, and under which policy."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.admin_site import site
from apps.audit.models import AuditLog
from tests import make

SignIn = Callable[[str], Client]
PAGES = [
    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for model in sorted(site._registry, key=lambda model: model._meta.label)
]


@pytest.mark.parametrize("page", [reverse("admin:index"), *PAGES])
def test_every_page_opens_for_an_admin(client_as: SignIn, page: str) -> None:
    of = make.node()
    make.key(of)
    make.enrollment_token()
    answer = client_as("ADMIN").get(page)
    assert answer.status_code == 200


@pytest.mark.parametrize("role", ["DEVOPS", "ANALYST", "USER", "READONLY"])
def test_other_roles_are_refused(client_as: SignIn, role: str) -> None:
    client = client_as(role)
    for page in (reverse("admin:index"), *PAGES):
        assert client.get(page, follow=True).status_code == 403, page
    refusals = AuditLog.objects.filter(action="ACCESS_DENIED", user_role=role)
    assert {refusal.resource_name for refusal in refusals} == {reverse("admin:index"), *PAGES}


def test_strangers_go_to_the_portals_own_sign_in(db: None, client: Client) -> None:
    answer = client.get(reverse("admin:nodes_node_changelist"), follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("accounts:sign-in"))
    assert reverse("admin:nodes_node_changelist") in answer.redirect_chain[-1][0].replace("%2F", "/")


def test_there_is_no_second_sign_in(db: None, client: Client) -> None:
    make.user(password=make.PASSWORD)
    answer = client.post(reverse("admin:login"), {"username": "ada@example.test", "password": make.PASSWORD})
    assert answer.status_code == 302
    assert "_auth_user_id" not in client.session


def test_only_the_admin_pages_may_evaluate_text(client_as: SignIn) -> None:
    client = client_as("ADMIN")
    inside = client.get(reverse("admin:index"))["Content-Security-Policy"]
    outside = client.get(reverse("accounts:profile"))["Content-Security-Policy"]
    assert "'unsafe-eval'" in inside
    assert "'unsafe-inline'" not in inside.partition("script-src")[2].partition(";")[0]
    assert "unsafe" not in outside


def test_signing_out_is_the_portals_business(client_as: SignIn) -> None:
    answer = client_as("ADMIN").post(reverse("admin:logout"))
    assert (answer.status_code, answer["Location"]) == (307, reverse("accounts:sign-out"))
