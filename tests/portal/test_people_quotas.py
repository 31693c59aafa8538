"""Quotas of people, and requests for more, on their pages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Quota
from apps.audit.models import AuditLog
from tests import make
from tests.people import quota_request, somebody
from tests.portal.pages import address, text

SignIn = Callable[[str], Client]


def test_quota_is_set_compared_and_versioned(ada: Client) -> None:
    person = somebody(1)
    assert ada.post(address(person, "quota/hard/"), {"cpu_cores": "8", "reason": "start"}).status_code == 302
    above = ada.post(address(person, "quota/soft/"), {"cpu_cores": "9", "reason": "x"})
    assert above.status_code == 422 and "above the hard one" in text(above)
    stale = ada.post(address(person, "quota/hard/"), {"cpu_cores": "16", "reason": "x"})
    assert stale.status_code == 422 and "changed since you opened it" in text(stale)
    version = Quota.objects.get().version
    form = {"cpu_cores": "16", "reason": "more", "version": version}
    assert ada.post(address(person, "quota/hard/"), form).status_code == 302
    assert "16" in text(ada.get("/people/quotas/"))
    assert ada.get(address(person, "quota/rubber/")).status_code == 404


@pytest.mark.parametrize(("days", "kept"), [(None, 16.0), (3, 4.0)])
def test_an_approved_request_raises_the_limit_for_good_or_until_its_time(
    ada: Client, client_as: SignIn, days: int | None, kept: float
) -> None:
    uma = client_as("USER")
    person = make.user("USER")
    Quota.objects.create(user=person, cpu_cores=4)
    until = timezone.now() + timedelta(days=days) if days else None
    form = {"cpu_cores": "16", "reason": "deadline", "until": f"{until:%Y-%m-%dT%H:%M}" if until else ""}
    assert uma.post("/me/quotas/ask/", form).status_code == 302
    asked = person.quota_requests.get()
    assert "1 request waiting" in text(ada.get("/people/quotas/"))
    assert "CPU: 4 → 16 cores" in text(ada.get(f"/people/quotas/requests/{asked.pk}/approve/"))
    ada.post(f"/people/quotas/requests/{asked.pk}/approve/", {"comment": "good luck"})
    assert Quota.objects.get().cpu_cores == kept
    page = text(uma.get("/me/quotas/"))
    assert "good luck" in page and ">16<" in page
    assert AuditLog.objects.filter(action="QUOTA_REQUEST_APPROVED").count() == 1


def test_a_refused_request_tells_its_person_why(ada: Client, client_as: SignIn) -> None:
    asked = quota_request(make.user("USER"))
    ada.post(f"/people/quotas/requests/{asked.pk}/refuse/", {"comment": "no GPUs left"})
    page = text(client_as("USER").get("/me/quotas/"))
    assert "no GPUs left" in page and "refused" in page
    late = ada.post(f"/people/quotas/requests/{asked.pk}/approve/", {"comment": "yes"})
    assert late.status_code == 422 and "refused already" in text(late)
