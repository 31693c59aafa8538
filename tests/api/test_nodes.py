"""Nodes, numbers and the audit log as people read and write them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audit.models import AuditLog
from apps.metrics.models import ProcessSnapshot
from apps.nodes.models import NodeApiKey
from tests import make
from tests.api.calls import get, write
from tests.database import acting_as


def test_paging_shows_every_node_once_forwards_and_back(ada: Client) -> None:
    names = [make.node(hostname=f"n{number:02}").hostname for number in range(7)]
    first = get(ada, "nodes/", limit=3)
    second = get(ada, "nodes/", limit=3, after=first["next"])
    third = get(ada, "nodes/", limit=3, after=second["next"])
    pages = [first, second, third]
    assert [row["hostname"] for page in pages for row in page["results"]] == names
    assert third["next"] is None
    assert get(ada, "nodes/", limit=3, after=second["previous"])["results"] == first["results"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "offline"}, ["off"]),
        ({"node_type": "gpu"}, ["gpu"]),
        ({"text": "FF"}, ["off"]),
        ({"tag": "red"}, ["gpu"]),
        ({"label": "rack=7"}, ["off"]),
        ({"draining": "true"}, ["gpu"]),
        ({"sort": "-hostname"}, ["off", "gpu"]),
    ],
)
def test_filters_and_order(ada: Client, query: dict[str, str], found: list[str]) -> None:
    make.node(hostname="gpu", node_type="gpu", tags=["red"], is_draining=True)
    make.node(hostname="off", status="offline", labels={"rack": "7"})
    make.node(hostname="gone", status="retired")
    assert [row["hostname"] for row in get(ada, "nodes/", **query)["results"]] == found


def test_the_list_costs_a_fixed_number_of_statements(ada: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            get(ada, "nodes/")
        asked = [query["sql"] for query in captured if query["sql"].startswith("SELECT")]
        return len([sql for sql in asked if "set_config" not in sql and "lookups." not in sql])

    for _ in range(3):
        make.latest(make.node())
    few = statements()
    for _ in range(20):
        make.latest(make.node())
    assert statements() == few
    assert few <= 3


def test_a_node_shows_its_newest_vitals_and_whether_they_are_stale(ada: Client, now: datetime) -> None:
    fresh, silent = make.node(), make.node(silent_after=now - timedelta(seconds=1))
    make.latest(fresh, now, cpu_percent=42.0, cpu_per_core=[40.0, 44.0])
    body = get(ada, f"nodes/{fresh.pk}/")
    assert (body["latest"]["cpu_percent"], body["latest"]["cpu_per_core"]) == (42.0, [40.0, 44.0])
    assert (body["is_stale"], get(ada, f"nodes/{silent.pk}/")["is_stale"]) == (False, True)
    assert get(ada, f"nodes/{silent.pk}/")["latest"] is None
    assert ada.get(f"/api/v1/nodes/{silent.pk}/latest/").json()["code"] == "no_vitals"


def test_an_edit_writes_the_fields_given_once_with_reason_and_event(ada: Client) -> None:
    node = make.node(region="south")
    body = {"region": "north", "labels": {"rack": "7"}, "tags": ["a", "a"], "reason": "moved"}
    answer = write(ada, "patch", f"nodes/{node.pk}/", body)
    assert (answer.json()["region"], answer.json()["tags"], answer.json()["name"]) == ("north", ["a"], node.name)
    event, image = AuditLog.objects.get(action="NODE_EDITED"), AuditLog.objects.get(action="NODE_UPDATED")
    assert (event.reason, image.reason, event.request_id) == ("moved", "moved", image.request_id)
    write(ada, "patch", f"nodes/{node.pk}/", {"region": "north"})
    assert AuditLog.objects.filter(action="NODE_EDITED").count() == 1


def test_a_retired_node_is_not_edited(ada: Client) -> None:
    answer = write(ada, "patch", f"nodes/{make.node(status='retired').pk}/", {"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "node_retired")


def test_verbs_that_do_not_fit_the_state_are_409(ada: Client) -> None:
    node = make.node()
    assert write(ada, "post", f"nodes/{node.pk}/approve/", {}).status_code == 409
    assert write(ada, "post", f"nodes/{node.pk}/return/", {}).status_code == 409
    assert write(ada, "post", f"nodes/{node.pk}/drain/", {"reason": "fan"}).json()["is_draining"] is True
    assert write(ada, "post", f"nodes/{node.pk}/drain/", {"reason": "fan"}).status_code == 409


def test_a_secret_is_shown_once_and_never_again(ada: Client) -> None:
    node = make.node()
    made = write(ada, "post", f"nodes/{node.pk}/keys/", {"label": "lab"}).json()
    listed = get(ada, f"nodes/{node.pk}/keys/")
    assert made["key"].startswith(f"omg_{made['key_id']}_")
    assert [row["key_id"] for row in listed] == [made["key_id"]]
    assert "key" not in listed[0]
    assert made["key"] not in str(AuditLog.objects.values_list("details", "description"))


def test_a_third_live_key_is_refused(ada: Client) -> None:
    node = make.node()
    make.key(node)
    make.key(node)
    assert write(ada, "post", f"nodes/{node.pk}/keys/", {}).json()["code"] == "two_live_keys"
    assert NodeApiKey.objects.filter(node=node).count() == 2


def test_series_show_gaps_as_null(ada: Client, now: datetime) -> None:
    node, start = make.node(), now.replace(minute=0, second=0) - timedelta(hours=2)
    for minute in (0, 1, 2, 3, 20, 21):
        make.usage(node, start + timedelta(minutes=minute), cpu_percent=float(minute))
    end = start + timedelta(minutes=30)
    body = get(ada, f"nodes/{node.pk}/metrics/", metric="cpu_percent", start=start.isoformat(), end=end.isoformat())
    assert (body["metric"], body["unit"], body["source"]) == ("cpu_percent", "%", "raw")
    values = [point["max"] for point in body["points"]]
    assert None in values
    assert max(value for value in values if value is not None) == 21.0
    assert datetime.fromisoformat(body["points"][0]["at"]) == start


def test_processes_come_busiest_first(ada: Client, now: datetime) -> None:
    node = make.node()
    assert get(ada, f"nodes/{node.pk}/processes/") == {"at": None, "processes": []}
    with acting_as("omega_worker"):
        for pid, cpu in ((1, 5.0), (2, 80.0)):
            ProcessSnapshot.objects.create(node=node, timestamp=now, pid=pid, name=f"p{pid}", cpu_percent=cpu)
    found = get(ada, f"nodes/{node.pk}/processes/")
    assert [row["pid"] for row in found["processes"]] == [2, 1]
    assert datetime.fromisoformat(found["at"]) == now.astimezone(UTC)


def test_the_fleet_counts_what_is_fresh(ada: Client) -> None:
    make.latest(make.node(), cpu_percent=50.0)
    make.node(status="offline")
    body = get(ada, "fleet/now/")
    assert (body["reporting"], body["avg_cpu_percent"], body["busy_cores"]) == (1, 50.0, 4.0)
    assert (body["statuses"]["active"], body["statuses"]["offline"]) == (1, 1)
    assert len(body["cells"]) == 2


def test_the_audit_log_is_filtered_and_paged(ada: Client) -> None:
    for name in ("a", "b", "c"):
        write(ada, "patch", f"nodes/{make.node().pk}/", {"name": name})
    first = get(ada, "audit/", action="NODE_EDITED", limit=2)
    rest = get(ada, "audit/", action="NODE_EDITED", limit=2, after=first["next"])
    assert (len(first["results"]), len(rest["results"])) == (2, 1)
    assert all(not row["is_row_image"] for row in first["results"])
    assert get(ada, "audit/", row_images="true", action="NODE_UPDATED")["results"]
