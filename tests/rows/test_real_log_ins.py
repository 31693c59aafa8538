"""Log-ins of their own, with transactions of their own: nothing of one is known to the next."""

from django.db import connection, transaction

from apps.core.context import ALL_TENANTS, NOBODY, RequestContext, acting
from apps.nodes.models import Node
from tests import make
from tests.roles import serving_as
from tests.rows.asking import rows


def test_context_of_the_last_transaction_opens_nothing_in_the_next(committed: None) -> None:
    with serving_as("omega_worker"):
        make.node()
    with serving_as("omega_portal", pool=True, is_blind=True):
        with acting(RequestContext(user_role="ADMIN", tenant_ids=ALL_TENANTS)), transaction.atomic():
            assert Node.objects.count() == 1
        connection.close()
        assert Node.objects.count() == 0
        with acting(NOBODY), transaction.atomic():
            assert Node.objects.count() == 0


def test_other_roles_cannot_use_the_web_process_settings_for_themselves(committed: None) -> None:
    with serving_as("omega_worker"):
        make.node()
    with serving_as("data_collector"):
        rows("SELECT set_config('omega.tenant_ids', 'all', false), set_config('omega.role', 'SYSTEM', false)")
        assert rows("SELECT scope_is_all(), scope_role()") == [(False, "")]
