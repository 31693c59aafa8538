"""An installation that has a log already: its entries get commitments, and are sealed like new ones."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connections

from apps.accounts.models import User
from apps.audit.models import AuditLog
from tests import make
from tests.audit.conftest import findings, seal_all
from tests.roles import serving_as

pytestmark = [pytest.mark.data_layer, pytest.mark.slow]


@pytest.fixture
def before(committed: None) -> Iterator[None]:
    """The database as it was when details still held who somebody is."""
    make.user("USER")
    call_command("migrate", "audit", "0002", database="owner", verbosity=0)
    yield
    call_command("migrate", database="owner", verbosity=0)


def test_old_entries_are_split_committed_to_and_sealed(before: None) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE users SET full_name = 'Uma Usher', role = 'DEVOPS'")
        cursor.execute(
            "INSERT INTO audit_logs (action, category, ip_address, resource_type, resource_name)"
            " VALUES ('SIGN_IN_REFUSED', 'AUTH', '192.0.2.1', 'user', 'UMA@example.test')"
        )
        cursor.execute("SELECT array_agg(id ORDER BY id) FROM audit_logs")
        ids = cursor.fetchone()[0]
    call_command("migrate", database="owner", verbosity=0)

    uma = User.objects.get()
    assert list(AuditLog.objects.order_by("id").values_list("id", flat=True)) == ids
    image = AuditLog.objects.get(action="USER_UPDATED")
    assert image.personal == {"before": {"full_name": "Uma User"}, "after": {"full_name": "Uma Usher"}}
    assert image.details == {"before": {"role": "USER"}, "after": {"role": "DEVOPS"}}
    refused = AuditLog.objects.get(action="SIGN_IN_REFUSED")
    assert {image.subject_id, refused.subject_id} == {uma.pk}
    with serving_as("omega_worker"):
        seal_all()
        assert findings() == []
