"""What is recorded stays: nobody changes or removes it, not even the owner of the table."""

import pytest
from django.db import DatabaseError, connections, transaction
from django.db.utils import ProgrammingError

from apps.audit.models import AuditLog, Category
from apps.audit.services import record
from tests.database import acting_as

pytestmark = [pytest.mark.django_db(databases=["default", "owner"]), pytest.mark.data_layer]
CHANGES = {
    "UPDATE": "UPDATE public.audit_logs SET user_email = 'nobody'",
    "DELETE": "DELETE FROM public.audit_logs",
    "TRUNCATE": "TRUNCATE public.audit_logs",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", ["omega_portal", "omega_worker", "data_collector"])
def test_no_serving_role_changes_the_log(role: str, change: str) -> None:
    record(action="TESTED", category=Category.SYSTEM)

    with pytest.raises(ProgrammingError, match="permission denied"), acting_as(role):
        run("default", CHANGES[change])
    assert AuditLog.objects.filter(action="TESTED").exists()


@pytest.mark.parametrize("change", CHANGES)
def test_not_even_the_owner_changes_the_log(change: str) -> None:
    with transaction.atomic(using="owner"):
        run("owner", "INSERT INTO audit_logs (action, category) VALUES ('TESTED', 'SYSTEM')")
        with pytest.raises(DatabaseError, match="can be added to, never changed"), transaction.atomic(using="owner"):
            run("owner", CHANGES[change])
        transaction.set_rollback(True, using="owner")


def test_unknown_category_or_status_is_refused() -> None:
    for column in ("category", "status"):
        with pytest.raises(DatabaseError, match=f"audit_logs_{column}_known"), transaction.atomic():
            AuditLog.objects.create(**{"action": "TESTED", "category": "SYSTEM", column: "NONSENSE"})


def run(alias: str, statement: str) -> None:
    """Run one statement."""
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
