"""The pages about people: each button does one thing, says so, and tells the second of two what the first did."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import ApiToken, Quota, User
from apps.accounts.services.overrides import end_due_overrides
from apps.accounts.services.tokens import create_token
from apps.audit.models import AuditLog
from tests import make, signed_in
from tests.database import acting_as
from tests.people import api_token, from_provider, quota_request, somebody
from tests.portal.pages import address, text

SignIn = Callable[[str], Client]


def greeting(answer: Any) -> str:
    """Return the message that the next page will show."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_list_filters_and_pages_through_everybody(ada: Client) -> None:
    for number in range(55):
        somebody(number, role="ANALYST")
    somebody(99, is_active=False)
    assert text(ada.get("/people/")).count('data-testid="person-row"') == 50
    assert 'data-testid="next-page"' in text(ada.get("/people/"))
    assert text(ada.get("/people/?active=no")).count('data-testid="person-row"') == 1
    assert text(ada.get("/people/?q=ADA@")).count('data-testid="person-row"') == 1
    wrong = ada.get("/people/?role=OWNER&after=zz")
    assert wrong.status_code == 400 and text(wrong).count('data-testid="complaint"') == 2


@pytest.mark.parametrize("page", ["/people/", "/people/quotas/", "/people/quotas/requests/", "/people/invitations/"])
def test_lists_cost_the_same_for_one_row_as_for_many(ada: Client, page: str) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert ada.get(page).status_code == 200
        return len(captured)

    def fill(numbers: range) -> None:
        for number in numbers:
            person = somebody(number)
            Quota.objects.create(user=person, cpu_cores=1)
            quota_request(person)

    fill(range(2))
    few = statements()
    fill(range(2, 20))
    assert statements() == few


def test_person_page_says_where_the_role_comes_from(ada: Client) -> None:
    until = timezone.now() + timedelta(days=3)
    mapped = from_provider(1, role="DEVOPS", last_idp_role="DEVOPS")
    ada.post("/people/roles/new/", {"claim_value": "ops", "role": "DEVOPS", "reason": "new team"})
    assert "mapped from Keycloak" in text(ada.get(address(mapped)))
    form = {"role": "ANALYST", "reason": "audit week", "until": f"{until:%Y-%m-%dT%H:%M}"}
    ada.post(address(mapped, "override/"), form)
    page = text(ada.get(address(mapped)))
    assert all(
        words in page for words in ("set by Ada Admin", "audit week", "Without it: DEVOPS", 'data-testid="lift"')
    )
    ada.post(address(mapped, "override/lift/"), {"reason": "week is over"})
    mapped.refresh_from_db()
    assert (mapped.role, mapped.role_override) == ("DEVOPS", False)


@pytest.mark.parametrize("end", ["lifted", "run out"])
def test_whoever_has_no_role_without_an_override_is_out_when_it_ends(ada: Client, end: str, now: datetime) -> None:
    until = now + timedelta(minutes=5)
    person = from_provider(1, role="ANALYST", last_idp_role="", role_override=True, role_override_until=until)
    signed_in.sign_in(browser := Client(), person)
    token = api_token(person)
    assert browser.get("/").status_code == 200
    if end == "lifted":
        assert "gives them no role" in text(ada.get(address(person, "override/lift/")))
        assert ada.post(address(person, "override/lift/"), {"reason": "done"}).status_code == 302
    else:
        with acting_as("omega_worker"):
            assert end_due_overrides(now=until) == 1
    assert browser.get("/").status_code == 302
    token.refresh_from_db()
    person.refresh_from_db()
    assert token.revoked_at is not None and (person.role, person.is_active) == ("READONLY", True)
    event = AuditLog.objects.get(action__startswith="USER_ROLE_OVERRIDE_")
    assert (event.details["sessions"], event.details["tokens"]) == (1, 1)
    assert "Keycloak gives no role" in text(ada.get(address(person)))


def test_local_account_has_its_role_changed_not_overridden(ada: Client) -> None:
    local, mapped = somebody(1), from_provider(2)
    assert 'data-testid="override"' not in text(ada.get(address(local)))
    assert 'data-testid="change-role"' not in text(ada.get(address(mapped)))
    assert "change its role itself" in text(ada.post(address(local, "override/"), {"role": "DEVOPS", "reason": "x"}))
    assert "override it instead" in text(ada.post(address(mapped, "role/"), {"role": "DEVOPS", "reason": "x"}))
    assert ada.post(address(local, "role/"), {"role": "DEVOPS", "reason": "new duties"}).status_code == 302
    assert AuditLog.objects.get(action="USER_ROLE_CHANGED").reason == "new duties"


def test_second_of_two_administrators_is_told_and_loses_nothing_typed(ada: Client) -> None:
    person = somebody(1)
    seen = str(person.version)
    ada.post(address(person, "role/"), {"role": "DEVOPS", "reason": "first", "version": seen})
    answer = ada.post(address(person, "role/"), {"role": "ANALYST", "reason": "my long reason", "version": seen})
    page = text(answer)
    assert answer.status_code == 422
    assert "ada@example.test changed role (USER → DEVOPS)" in page
    assert "my long reason" in page and '<option value="ANALYST" selected>' in page
    person.refresh_from_db()
    assert person.role == "DEVOPS"
    assert f'name="version" value="{person.version}"' in page
    again = {"role": "ANALYST", "reason": "my long reason", "version": str(person.version)}
    assert ada.post(address(person, "role/"), again).status_code == 302


def test_deactivation_ends_sessions_and_tokens_at_once(ada: Client) -> None:
    person = somebody(1)
    browser = Client()
    signed_in.sign_in(browser, person)
    now = timezone.now()
    token = create_token(user=person, name="script", can_write=True, days=1, allowed_ips=[], now=now)
    program = {"Authorization": f"Bearer {token.text}"}
    assert browser.get("/").status_code == 200
    assert Client().get("/api/v1/me/", headers=program).status_code == 200
    assert "1 web session and 1 API token end at once" in text(ada.get(address(person, "deactivate/")))
    assert ada.post(address(person, "deactivate/"), {"reason": "left"}).status_code == 302
    assert browser.get("/").status_code == 302
    assert Client().get("/api/v1/me/", headers=program).status_code == 401
    event = AuditLog.objects.get(action="USER_DEACTIVATED")
    assert (event.reason, event.details["sessions"], event.details["tokens"]) == ("left", 1, 1)
    ada.post(address(person, "activate/"), {"reason": "came back"})
    assert Client().get("/api/v1/me/", headers=program).status_code == 401
    assert AuditLog.objects.filter(is_row_image=False).exclude(action__startswith="API_TOKEN").count() == 2


def test_nobody_closes_their_own_account(ada: Client) -> None:
    me = make.user("ADMIN")
    assert 'data-testid="deactivate"' not in text(ada.get(address(me)))
    assert "Nobody closes their own account" in text(ada.post(address(me, "deactivate/"), {"reason": "x"}))


def test_an_administrator_for_a_while_does_not_make_it_for_good(db: None) -> None:
    make.user("ADMIN")
    until = timezone.now() + timedelta(hours=1)
    me = from_provider(1, role="ADMIN", role_override=True, role_override_until=until)
    signed_in.sign_in(browser := Client(), me)
    page = text(browser.get(address(me)))
    assert 'data-testid="override"' not in page and 'data-testid="lift"' not in page
    for button, form in (("override/", {"role": "ADMIN", "reason": "I like it"}), ("override/lift/", {"reason": "x"})):
        answer = browser.post(address(me, button), form)
        assert answer.status_code == 422 and "Nobody overrides their own role" in text(answer)
    me.refresh_from_db()
    assert (me.role, me.role_override, me.role_override_until) == ("ADMIN", True, until)


def test_nobody_changes_their_own_role(ada: Client) -> None:
    me = make.user("ADMIN")
    somebody(1, role="ADMIN")
    assert 'data-testid="change-role"' not in text(ada.get(address(me)))
    answer = ada.post(address(me, "role/"), {"role": "DEVOPS", "reason": "tired"})
    assert answer.status_code == 422 and "Nobody changes their own role" in text(answer)
    me.refresh_from_db()
    assert me.role == "ADMIN"


def test_a_superuser_is_changed_by_superusers_alone(ada: Client) -> None:
    User.objects.filter(email="ada@example.test").update(tenant=None)
    with acting_as("omega_owner"):
        root = from_provider(1, role="ADMIN", tenant=None, is_superuser=True, role_override=True)
    api_token(root)
    page = text(ada.get(address(root))) + text(ada.get(address(root, "rights/")))
    for button in ("edit", "move", "deactivate", "change-role", "override", "lift"):
        assert f'data-testid="{button}"' not in page
    role, why = {"role": "USER"}, {"reason": "x"}
    for button, form in (
        ("edit/", {"full_name": "X", "time_zone": "UTC"}),
        ("role/", {**role, **why}),
        ("move/", {"tenant_id": str(make.default_tenant().pk), **why}),
        ("override/", {**role, **why}),
        ("override/lift/", why),
        ("deactivate/", why),
        ("activate/", why),
    ):
        answer = ada.post(address(root, button), form)
        assert answer.status_code == 422 and "Only a superuser changes" in text(answer), button
    assert User.objects.get(pk=root.pk).version == root.version
    assert ada.post(address(root, "sessions/end/"), why).status_code == 302
    signed_in.sign_in(browser := Client(), somebody(2, role="ADMIN", tenant=None))
    with acting_as("omega_owner"):
        User.objects.filter(email="somebody-2@example.test").update(is_superuser=True)
    assert browser.post(address(root, "deactivate/"), why).status_code == 302


def test_the_last_administrator_is_refused_on_the_form(ada: Client) -> None:
    me = make.user("ADMIN")
    answer = ada.post(address(me, "role/"), {"role": "USER", "reason": "tired"})
    assert answer.status_code == 422 and "last open ADMIN" in text(answer)


def test_all_sessions_of_somebody_end_with_a_reason(ada: Client) -> None:
    person, browser = somebody(1), Client()
    signed_in.sign_in(browser, person)
    answer = ada.post(address(person, "sessions/end/"), {"reason": "stolen laptop"})
    assert "1 web session ended" in greeting(answer)
    assert browser.get("/").status_code == 302
    assert AuditLog.objects.get(action="SESSIONS_ENDED").reason == "stolen laptop"


def test_a_token_of_somebody_is_revoked(ada: Client) -> None:
    token = api_token(somebody(1))
    assert ada.post(f"/people/{token.user_id}/tokens/{token.pk}/revoke/", {"reason": "leaked"}).status_code == 302
    assert ApiToken.objects.get().revoked_at
    assert ada.post(f"/people/{somebody(2).pk}/tokens/{token.pk}/revoke/", {"reason": "x"}).status_code == 404


def test_only_an_admin_of_all_tenants_moves_people(ada: Client) -> None:
    person, elsewhere = somebody(1), make.tenant()
    assert 'data-testid="move"' not in text(ada.get(address(person)))
    assert ada.post(address(person, "move/"), {"tenant_id": str(elsewhere.pk), "reason": "x"}).status_code == 422
    User.objects.filter(email="ada@example.test").update(tenant=None)
    assert 'data-testid="move"' in text(ada.get(address(person)))
    assert ada.post(address(person, "move/"), {"tenant_id": str(elsewhere.pk), "reason": "new team"}).status_code == 302
    person.refresh_from_db()
    assert person.tenant_id == elsewhere.pk
    nowhere = ada.post(address(person, "move/"), {"tenant_id": "", "reason": "x"})
    assert nowhere.status_code == 422 and "Only an ADMIN works for all tenants" in text(nowhere)


def test_an_operator_sees_people_and_no_button(client_as: SignIn) -> None:
    person = somebody(1)
    api_token(person)
    otto = client_as("DEVOPS")
    pages = text(otto.get("/people/")) + text(otto.get(address(person))) + text(otto.get("/people/quotas/"))
    assert 'data-testid="person-row"' in pages
    for button in (
        "edit",
        "deactivate",
        "change-role",
        "invite",
        "revoke-token",
        "end-sessions",
        "set-hard",
        "requests",
    ):
        assert f'data-testid="{button}"' not in pages


def test_rights_say_why_in_words(ada: Client) -> None:
    person = somebody(1, role="ANALYST")
    page = text(ada.get(address(person, "rights/")))
    assert "Only what belongs to the tenant Default." in page
    assert "Role ANALYST, set for this local account." in page
    assert "Needs ADMIN or DEVOPS; the role is ANALYST" in page
    me = text(ada.get("/me/rights/"))
    assert "Reading it only: it concerns all tenants." in me and "Role ADMIN, set for this local account." in me
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert "The account is closed: nothing is allowed." in text(ada.get(address(person, "rights/")))
