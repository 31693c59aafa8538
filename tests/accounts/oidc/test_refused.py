"""Refused sign-ins say who it was, as far as that is proven."""

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import AuditLog
from tests import make
from tests.accounts.oidc.conftest import code_of, walk
from tests.accounts.oidc.provider import OpenIdProvider

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mapped")]


def refused() -> AuditLog:
    """Return the entry of the one refusal."""
    return AuditLog.objects.get(action="SIGN_IN_REFUSED")


@pytest.mark.parametrize("fault", ["closed", "no role", "no claim"])
def test_refusal_of_somebody_known_is_about_their_account(fault: str, op: OpenIdProvider) -> None:
    person = op.add("olga")
    walk(Client())
    olga = User.objects.get()
    User.objects.update(is_active=fault != "closed")
    person.roles = {"closed": ["user"], "no role": [], "no claim": None}[fault]
    walk(Client())

    entry = refused()
    assert (entry.subject_id, entry.resource_id, entry.tenant_id) == (olga.pk, str(olga.pk), olga.tenant_id)
    assert (entry.resource_name, entry.user_id) == (olga.email, None)
    assert entry.personal == {"sub": "olga", "email": "olga@example.test"}


@pytest.mark.parametrize(("verified", "email"), [(True, {"email": "uma@example.test"}), (False, {})])
def test_stranger_with_somebodys_email_is_not_taken_for_them(
    verified: bool, email: dict[str, str], op: OpenIdProvider
) -> None:
    uma = make.user("USER")
    op.add("mallory", email=uma.email, email_verified=verified)
    assert code_of(walk(Client())) == "ask_to_link"

    entry = refused()
    assert (entry.subject_id, entry.resource_id, entry.resource_name) == (None, "", "")
    assert entry.personal == {"sub": "mallory", **email}


def test_nobody_is_named_by_a_token_that_is_not_believed(op: OpenIdProvider) -> None:
    op.add("olga")
    op.mutate = lambda claims: {**claims, "aud": "another"}
    walk(Client())

    assert (refused().subject_id, refused().personal) == (None, None)
