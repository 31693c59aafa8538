"""My account: tokens, web sessions, limits and rights; what I see is mine."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiToken, Quota, QuotaRequest, User, WebSession
from apps.accounts.permissions import Action
from apps.accounts.rights import described
from apps.audit.models import AuditLog
from tests import make, people, signed_in

SignIn = Callable[[str], Client]


def text(answer: Any) -> str:
    """Return a page as text."""
    content: str = answer.content.decode()
    return content


def test_profile_keeps_where_messages_go(client_as: SignIn) -> None:
    form = {"full_name": "Rita", "time_zone": "UTC", "notification_email": "rita@home.example"}
    assert client_as("READONLY").post("/me/", form).status_code == 302
    assert User.objects.get().notification_email == "rita@home.example"
    wrong = client_as("READONLY").post("/me/", {**form, "notification_email": "nonsense"})
    assert wrong.status_code == 422 and "valid email" in text(wrong)


def test_password_of_the_identity_provider_is_not_changed_here(client_as: SignIn) -> None:
    client = client_as("USER")
    User.objects.update(auth_provider="keycloak", password=None)
    assert "kept and changed there" in text(client.get("/me/"))
    assert "Present password" not in text(client.get("/me/"))
    assert client.get("/me/password/").status_code == 302


def test_token_is_shown_once_with_a_copy_button(client_as: SignIn) -> None:
    client = client_as("USER")
    form = {"name": "backup", "scope": "write", "days": "30", "allowed_ips": "192.0.2.7 2001:db8::/32"}
    made = client.post("/me/tokens/new/", form)
    token = ApiToken.objects.get()
    found = re.search(r"omp_[\w-]{62}", text(made))
    assert found and made["Cache-Control"] == "no-store" and "data-copy" in text(made)
    assert (token.scopes, token.allowed_ips) == (["read", "write"], ["192.0.2.7/32", "2001:db8::/32"])
    assert found[0] not in text(client.get("/me/tokens/"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"days": "0"}, "greater than or equal to 1"),
        ({"days": "366"}, "less than or equal to 365"),
        ({"allowed_ips": "192.0.2.7, nonsense, 10.0.0.300"}, "“10.0.0.300” is no address"),
        ({"allowed_ips": "192.0.2.7, nonsense, 10.0.0.300"}, "“nonsense” is no address"),
        ({"allowed_ips": " ".join(f"192.0.2.{number}" for number in range(21))}, "At most 20"),
        ({"scope": "admin"}, "not one of the available choices"),
    ],
)
def test_bad_token_form_names_each_fault_and_makes_nothing(
    client_as: SignIn, change: dict[str, str], words: str
) -> None:
    form = {"name": "x", "scope": "read", "days": "30", "allowed_ips": "", **change}
    answer = client_as("USER").post("/me/tokens/new/", form)
    assert answer.status_code == 422 and words in text(answer)
    assert not ApiToken.objects.exists()


def test_revoked_token_stays_listed_with_its_reason_kept(client_as: SignIn) -> None:
    client, token = client_as("USER"), people.api_token(make.user("USER"))
    assert client.post(f"/me/tokens/{token.pk}/revoke/", {"reason": "laptop sold"}).status_code == 302
    assert "revoked" in text(client.get("/me/tokens/"))
    assert AuditLog.objects.get(action="API_TOKEN_REVOKED").reason == "laptop sold"
    again = client.post(f"/me/tokens/{token.pk}/revoke/", {"reason": "x"})
    assert again.status_code == 422 and "revoked before" in text(again)


def test_sessions_are_listed_with_this_one_marked_and_one_is_ended(client_as: SignIn) -> None:
    here, there = client_as("USER"), Client()
    other = signed_in.sign_in(there, make.user("USER"), user_agent="Mozilla/5.0 (Windows) Firefox/140.0")
    page = text(here.get("/me/sessions/"))
    assert page.count('data-testid="session-row"') == 2 and page.count("this one") == 1
    assert "Firefox on Windows" in page
    here.post(f"/me/sessions/{other.pk}/end/")
    assert there.get("/").status_code == 302 and here.get("/").status_code == 200
    assert AuditLog.objects.filter(action="SESSION_ENDED").count() == 1


def test_ending_all_others_names_them_first_and_keeps_this_one(client_as: SignIn) -> None:
    here, others = client_as("USER"), [Client(), Client()]
    for browser in others:
        signed_in.sign_in(browser, make.user("USER"), user_agent="curl/8", ip_address="192.0.2.9")
    question = text(here.get("/me/sessions/end-others/"))
    assert "2 other browsers must sign in again" in question and question.count("192.0.2.9, curl/8") == 2
    assert WebSession.objects.filter(revoked_at=None).count() == 3
    here.post("/me/sessions/end-others/")
    assert [browser.get("/").status_code for browser in others] == [302, 302]
    assert here.get("/").status_code == 200


def test_what_belongs_to_others_is_not_found(client_as: SignIn) -> None:
    owner = people.somebody()
    token, session = people.api_token(owner), people.web_session(owner)
    asked = people.quota_request(owner)
    admin = client_as("ADMIN")
    paths = [f"tokens/{token.pk}/revoke/", f"sessions/{session.pk}/end/", f"quotas/{asked.pk}/withdraw/"]
    assert [admin.post(f"/me/{path}", {"reason": "x"}).status_code for path in paths] == [404] * 3


def test_limits_show_what_counts_now(client_as: SignIn) -> None:
    uma = make.user("USER")
    Quota.objects.create(user=uma, cpu_cores=16.5, memory_gb=64)
    Quota.objects.create(user=uma, strictness="soft", cpu_cores=12, expires_at=timezone.now() - timedelta(hours=1))
    Quota.objects.create(tenant=make.default_tenant(), cpu_cores=2048)
    page = text(client_as("USER").get("/me/quotas/"))
    assert ">16.5<" in page and ">64<" in page and ">2\u202f048<" in page
    assert ">12<" not in page


def test_one_request_is_open_at_a_time_and_can_be_withdrawn(client_as: SignIn) -> None:
    uma = client_as("USER")
    assert "Say at least one amount" in text(uma.post("/me/quotas/ask/", {"reason": "more"}))
    assert "already passed" in text(
        uma.post("/me/quotas/ask/", {"gpus": "1", "reason": "x", "until": "2020-01-01T00:00"})
    )
    assert uma.post("/me/quotas/ask/", {"gpus": "2", "reason": "thesis"}).status_code == 302
    assert "still open" in text(uma.post("/me/quotas/ask/", {"gpus": "3", "reason": "more"}))
    page = text(uma.get("/me/quotas/"))
    assert "2 GPUs" in page and 'data-testid="ask-quota"' not in page
    asked = QuotaRequest.objects.get()
    uma.post(f"/me/quotas/{asked.pk}/withdraw/")
    asked.refresh_from_db()
    assert asked.status == "withdrawn"
    assert 'data-testid="ask-quota"' in text(uma.get("/me/quotas/"))


def test_a_reader_is_offered_no_request(client_as: SignIn) -> None:
    assert 'data-testid="ask-quota"' not in text(client_as("READONLY").get("/me/quotas/"))


def test_my_rights_name_every_action_once(client_as: SignIn) -> None:
    page = text(client_as("ANALYST").get("/me/rights/"))
    rights = re.findall(r'data-testid="right-([\w.]+)" data-allowed="(yes|no)"', page)
    assert len(rights) == len(dict(rights)) > 25
    assert dict(rights)["audit.export"] == "yes" and dict(rights)["users.edit"] == "no"


def test_every_action_is_described_in_words() -> None:
    undescribed = [action for action in Action if described(action) == ("Other", str(action))]
    assert undescribed == []
