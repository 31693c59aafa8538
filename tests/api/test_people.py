"""People, overrides, invitations, mapping and quotas as programs of administrators read and write them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import RoleMapping, User
from apps.audit.models import AuditLog
from tests import make, signed_in
from tests.api.calls import get, write
from tests.database import acting_as
from tests.people import api_token, from_provider, quota_request, somebody

SignIn = Callable[[str], Client]


def test_paging_shows_every_person_once_forwards_and_back(ada: Client) -> None:
    for number in range(6):
        somebody(number)
    first = get(ada, "users/", limit=3)
    second = get(ada, "users/", limit=3, after=first["next"])
    third = get(ada, "users/", limit=3, after=second["next"])
    shown = [row["email"] for page in (first, second, third) for row in page["results"]]
    assert shown == sorted(shown)
    assert len(shown) == 7
    assert third["next"] is None
    assert get(ada, "users/", limit=3, after=second["previous"])["results"] == first["results"]
    assert ada.get("/api/v1/users/", {"after": "zzz"}).json()["code"] == "bad_cursor"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"text": "SOME"}, 3),
        ({"role": "DEVOPS"}, 1),
        ({"active": "false"}, 1),
        ({"provider": "keycloak"}, 1),
        ({"text": "nobody"}, 0),
    ],
)
def test_people_are_filtered(ada: Client, query: dict[str, str], count: int) -> None:
    somebody(1, is_active=False)
    somebody(2, role="DEVOPS")
    from_provider(3)
    assert len(get(ada, "users/", **query)["results"]) == count


def test_the_list_costs_a_fixed_number_of_statements(ada: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            get(ada, "users/")
        return len([query for query in captured if 'FROM "users"' in query["sql"] or "web_sessions" in query["sql"]])

    somebody(1)
    few = statements()
    for number in range(2, 20):
        somebody(number)
    assert statements() == few


def test_a_stale_edit_is_told_what_the_other_one_did(ada: Client) -> None:
    user = somebody()
    read = ada.get(f"/api/v1/users/{user.pk}/")
    assert read["ETag"] == f'"{read.json()["version"]}"'
    first = write(ada, "patch", f"users/{user.pk}/", {"role": "ANALYST"}, **{"If-Match": read["ETag"]})
    second = write(ada, "patch", f"users/{user.pk}/", {"role": "READONLY"}, **{"If-Match": read["ETag"]})
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "changed_meanwhile")
    assert "role (USER → ANALYST)" in second.json()["detail"]
    assert "ada@example.test" in second.json()["detail"]
    assert (
        write(ada, "patch", f"users/{user.pk}/", {"role": "READONLY"}, **{"If-Match": first["ETag"]}).status_code == 200
    )


def test_an_edit_must_say_what_was_read(ada: Client) -> None:
    path = f"users/{somebody().pk}/"
    assert write(ada, "patch", path, {"full_name": "X"}).json()["code"] == "if_match_required"
    assert write(ada, "patch", path, {"full_name": "X"}).status_code == 428
    for damaged in ("1", 'W/"1"', "*", '"x"', '"1", "2"'):
        answer = write(ada, "patch", path, {"full_name": "X"}, **{"If-Match": damaged})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_etag")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "nothing_to_change"),
        ({"reason": "x"}, "nothing_to_change"),
        ({"email": "x@example.test"}, "read_only_field"),
        ({"is_superuser": True}, "read_only_field"),
        ({"password": "x"}, "unknown_field"),
        ({"time_zone": "Mars/Base"}, "unknown_time_zone"),
        ({"role": "OWNER"}, "invalid_value"),
        ({"tenant_id": None}, "other_tenant"),
    ],
)
def test_what_cannot_be_written_is_named(ada: Client, body: dict[str, Any], code: str) -> None:
    answer = write(ada, "patch", f"users/{somebody().pk}/", body, **{"If-Match": '"1"'})
    assert answer.json()["code"] == code, answer.content


def test_an_override_is_shown_with_its_author_and_lifted(ada: Client) -> None:
    user = from_provider(1)
    body = {"role": "DEVOPS", "reason": "on call", "until": "2099-01-01T00:00:00Z"}
    shown = write(ada, "post", f"users/{user.pk}/role-override/", body).json()
    assert (shown["role"], shown["role_override"], shown["role_override_reason"]) == ("DEVOPS", True, "on call")
    assert shown["role_override_by"] == str(make.user("ADMIN").pk)
    lifted = write(ada, "post", f"users/{user.pk}/role-override/lift/", {"reason": "back"}).json()
    assert (lifted["role"], lifted["role_override"], lifted["role_override_until"]) == ("USER", False, None)
    actions = AuditLog.objects.filter(is_row_image=False).order_by("id").values_list("action", "reason")
    assert list(actions) == [("USER_ROLE_OVERRIDDEN", "on call"), ("USER_ROLE_OVERRIDE_LIFTED", "back")]


def test_an_invitation_link_is_shown_once(ada: Client) -> None:
    made = write(ada, "post", "invitations/", {"email": "Nora@Example.test", "role": "ANALYST"}).json()
    assert "/invitation/omi_" in made["link"]
    listed = get(ada, "invitations/")
    assert [row["email"] for row in listed] == ["nora@example.test"]
    assert "link" not in listed[0]
    again = write(ada, "post", "invitations/", {"email": "nora@example.test"})
    assert (again.status_code, again.json()["code"]) == (409, "already_invited")
    known = write(ada, "post", "invitations/", {"email": "ADA@example.test"})
    assert (known.status_code, known.json()["code"]) == (409, "email_taken")


def test_a_trial_of_the_mapping_says_which_value_gave_what_and_keeps_nothing(ada: Client) -> None:
    RoleMapping.objects.create(claim_value="ops", role="DEVOPS")
    answer = write(ada, "post", "role-mappings/dry-run/", {"claims": '{"portal_roles": ["ops", "cooks"]}'}).json()
    assert answer == {
        "role": "DEVOPS", "problem": "", "unknown": ["cooks"],
        "steps": [{"value": "ops", "role": "DEVOPS"}, {"value": "cooks", "role": None}],
    }  # fmt: skip
    assert write(ada, "post", "role-mappings/dry-run/", {"claims": '{"sub": "x"}'}).json()["problem"] == "missing"
    deep = write(ada, "post", "role-mappings/dry-run/", {"claims": "[" * 5000})
    assert (deep.status_code, deep.json()["code"], deep.json()["field"]) == (400, "too_deep", "claims")
    assert get(ada, "role-mappings/")["unknown"] == []


def test_a_quota_is_set_once_and_then_changed_by_version(ada: Client) -> None:
    body = {"user_id": str(somebody().pk), "cpu_cores": 4, "memory_gb": None}
    made = write(ada, "post", "quotas/", body)
    assert (made.status_code, made.json()["cpu_cores"], made.json()["memory_gb"]) == (201, 4.0, None)
    assert write(ada, "post", "quotas/", body).json()["code"] == "changed_meanwhile"
    path = f"quotas/{made.json()['id']}/"
    assert write(ada, "patch", path, {"cpu_cores": 8}, **{"If-Match": made["ETag"]}).json()["cpu_cores"] == 8.0
    assert write(ada, "patch", path, {"cpu_cores": 9}, **{"If-Match": made["ETag"]}).status_code == 412
    for wrong in ({}, {**body, "tenant_id": str(make.default_tenant().pk)}):
        assert write(ada, "post", "quotas/", wrong).json()["code"] == "one_subject"


def test_a_request_is_decided_by_somebody_else(ada: Client, client_as: SignIn) -> None:
    uma = client_as("USER")
    asked = write(uma, "post", "quota-requests/", {"cpu_cores": 8, "reason": "deadline"})
    assert asked.status_code == 201
    assert write(uma, "post", "quota-requests/", {"gpus": 1, "reason": "more"}).json()["code"] == "request_open"
    waiting = get(ada, "quota-requests/", whose="all", status="open")["results"]
    assert [row["id"] for row in waiting] == [asked.json()["id"]]
    decision = {"approve": False, "comment": "after the summer"}
    assert write(ada, "post", f"quota-requests/{asked.json()['id']}/decide/", decision).json()["status"] == "refused"
    own = get(uma, "quota-requests/")["results"]
    assert (own[0]["status"], own[0]["decision"]) == ("refused", "after the summer")
    mine = quota_request(User.objects.get(email="ada@example.test"))
    assert write(ada, "post", f"quota-requests/{mine.pk}/decide/", decision).json()["code"] == "own_request"


def test_an_admin_of_one_tenant_reads_the_mapping_of_all_and_does_not_change_it(ada: Client) -> None:
    row = RoleMapping.objects.create(claim_value="ops", role="DEVOPS")
    assert "ops" in [line["claim_value"] for line in get(ada, "role-mappings/")["results"]]
    made = write(ada, "post", "role-mappings/", {"claim_value": "x", "role": "ADMIN"})
    changed = write(ada, "patch", f"role-mappings/{row.pk}/", {"role": "ADMIN"}, **{"If-Match": '"1"'})
    removed = write(ada, "post", f"role-mappings/{row.pk}/remove/", {}, **{"If-Match": '"1"'})
    assert [answer.json()["code"] for answer in (made, changed, removed)] == ["all_tenants_needed"] * 3


def test_another_tenants_people_are_not_there_for_any_verb(ada: Client) -> None:
    theirs = somebody(1, tenant=make.tenant())
    waiting = quota_request(theirs)
    reason = {"reason": "x"}
    answers = [
        ada.get(f"/api/v1/users/{theirs.pk}/"),
        write(ada, "patch", f"users/{theirs.pk}/", {"full_name": "X"}, **{"If-Match": '"1"'}),
        write(ada, "post", f"users/{theirs.pk}/deactivate/", reason),
        write(ada, "post", f"users/{theirs.pk}/activate/", reason),
        write(ada, "post", f"users/{theirs.pk}/role-override/", {"role": "USER", **reason}),
        write(ada, "post", f"users/{theirs.pk}/role-override/lift/", reason),
        write(ada, "post", f"users/{theirs.pk}/sessions/end/", reason),
        write(ada, "post", f"users/{theirs.pk}/tokens/{api_token(theirs).pk}/revoke/", reason),
        ada.get(f"/api/v1/users/{theirs.pk}/rights/"),
        write(ada, "post", "quotas/", {"user_id": str(theirs.pk)}),
        write(ada, "post", "quotas/", {"tenant_id": str(theirs.tenant_id)}),
        write(ada, "post", f"quota-requests/{waiting.pk}/decide/", {"approve": True, "comment": "x"}),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert get(ada, "users/", text="somebody")["results"] == []
    invited = {"email": "n@example.test", "tenant_id": str(theirs.tenant_id)}
    assert write(ada, "post", "invitations/", invited).json()["code"] == "other_tenant"


def test_a_button_is_stale_too_where_the_version_is_sent(ada: Client) -> None:
    user = from_provider(1)
    User.objects.filter(pk=user.pk).update(full_name="Changed")
    for path, body in (
        ("deactivate/", {"reason": "x"}),
        ("role-override/", {"role": "DEVOPS", "reason": "x"}),
    ):
        answer = write(ada, "post", f"users/{user.pk}/{path}", body, **{"If-Match": '"1"'})
        assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")
    user.refresh_from_db()
    assert (user.is_active, user.role) == (True, "USER")


def test_what_somebody_left_open_is_ended_over_rest(ada: Client) -> None:
    person, browser = somebody(1), Client()
    signed_in.sign_in(browser, person)
    token = api_token(person)
    assert get(ada, f"users/{person.pk}/rights/")["tokens"][0]["key_id"] == token.pk
    assert write(ada, "post", f"users/{person.pk}/sessions/end/", {}).json()["code"] == "missing_field"
    ended = write(ada, "post", f"users/{person.pk}/sessions/end/", {"reason": "stolen laptop"})
    assert (ended.json(), browser.get("/").status_code) == ({"ended": 1}, 302)
    stranger = write(ada, "post", f"users/{somebody(2).pk}/tokens/{token.pk}/revoke/", {"reason": "x"})
    assert (stranger.status_code, stranger.json()["code"]) == (404, "token_not_found")
    path = f"users/{person.pk}/tokens/{token.pk}/revoke/"
    assert write(ada, "post", path, {"reason": "leaked"}).json()["revoked_at"]
    assert write(ada, "post", path, {"reason": "leaked"}).json()["code"] == "already_revoked"
    events = AuditLog.objects.filter(is_row_image=False, user_email="ada@example.test").order_by("id")
    assert list(events.values_list("action", "reason")) == [
        ("SESSIONS_ENDED", "stolen laptop"), ("API_TOKEN_REVOKED", "leaked"),
    ]  # fmt: skip


def test_rights_say_the_same_as_the_page(ada: Client, client_as: SignIn) -> None:
    person = somebody(1, role="ANALYST")
    api_token(person)
    shown = get(ada, f"users/{person.pk}/rights/")
    assert (shown["role"], shown["role_source"]) == ("ANALYST", "local")
    assert shown["scope"] == "Only what belongs to the tenant Default."
    page = ada.get(f"/people/{person.pk}/rights/").content.decode()
    for right in shown["rights"]:
        mark = f'data-testid="right-{right["action"]}" data-allowed="{"yes" if right["is_allowed"] else "no"}"'
        assert mark in page, right
    assert get(client_as("DEVOPS"), f"users/{person.pk}/rights/")["tokens"] == []
    assert get(client_as("USER"), "me/rights/")["role"] == "USER"


def test_a_superuser_and_oneself_are_not_changed_over_rest(ada: Client) -> None:
    User.objects.filter(email="ada@example.test").update(tenant=None)
    with acting_as("omega_owner"):
        root = somebody(1, role="ADMIN", tenant=None, is_superuser=True)
    me, headers = make.user("ADMIN"), {"If-Match": f'"{root.version}"'}
    answer = write(ada, "patch", f"users/{root.pk}/", {"full_name": "X"}, **headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "superuser")
    own = write(ada, "post", f"users/{me.pk}/role-override/", {"role": "ADMIN", "reason": "x"})
    assert (own.status_code, own.json()["code"]) == (409, "own_account")


def test_the_last_admin_is_not_lost_over_rest(ada: Client) -> None:
    me = make.user("ADMIN")
    answer = write(ada, "patch", f"users/{me.pk}/", {"role": "USER"}, **{"If-Match": f'"{me.version}"'})
    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    assert write(ada, "post", f"users/{me.pk}/deactivate/", {"reason": "x"}).json()["code"] == "own_account"
