"""What the timetable changes is recorded as the system's doing, under the name of its slot."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.audit.models import AuditLog
from apps.nodes.tasks import settle_contact
from tests import make
from tests.roles import serving_as

pytestmark = pytest.mark.data_layer


def test_offline_mark_names_the_system_and_its_slot(committed: None) -> None:
    now = datetime.now(UTC)
    node = make.node(last_heartbeat=now - timedelta(minutes=2), silent_after=now - timedelta(minutes=1))
    make.pulse(now)

    with serving_as("omega_worker"):
        assert settle_contact("2026-11-21T02:00:00+00:00")

    image = AuditLog.objects.get(action="NODE_UPDATED", resource_id=str(node.pk))
    assert (image.user_role, image.request_id) == ("SYSTEM", "nodes.settle_contact@2026-11-21T02:00:00Z")
    assert image.details["after"]["status"] == "offline"
