"""Logins on machines: what the table keeps, refuses and works out by itself, and whose they are."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.services.erasure import erase_person
from apps.audit.models import AuditLog
from apps.nodes.models import Node
from apps.sessions.models import UserSession
from tests import make, signed_in
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]


def told(node: Node, username: str, at: datetime) -> UserSession:
    """Return a login as the collector adds it."""
    with acting_as("data_collector"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO user_sessions (node_id, username, login_time) VALUES (%s, %s, %s)", [node.pk, username, at]
        )
    return UserSession.objects.get(node=node, username=username, login_time=at)


def test_open_login_has_no_duration_and_a_closed_one_has_its_minutes(now: datetime) -> None:
    login = told(make.node(), "uma", now - timedelta(minutes=90))
    assert (login.is_active, login.session_duration_minutes, login.active_processes) == (True, None, [])

    UserSession.objects.filter(pk=login.pk).update(logout_time=now, is_active=False)
    login.refresh_from_db()
    assert login.session_duration_minutes == 90.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"logout_time": timedelta(minutes=-1), "is_active": False},
        {"is_active": False},
        {"logout_time": timedelta(minutes=1)},
        {"peak_cpu_usage": 101.0},
        {"peak_ram_usage": -1.0},
    ],
)
def test_what_cannot_be_is_refused(now: datetime, wrong: dict[str, object]) -> None:
    values = {name: now + value if isinstance(value, timedelta) else value for name, value in wrong.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        UserSession.objects.create(node=make.node(), username="uma", login_time=now, **values)


def test_same_login_is_there_once(now: datetime) -> None:
    node = make.node()
    told(node, "uma", now)
    with pytest.raises(IntegrityError), transaction.atomic():
        told(node, "uma", now)


def test_login_belongs_to_the_one_person_of_the_tenant_with_that_name_or_address(now: datetime) -> None:
    uma = make.user("USER", username="uma")
    elsewhere = make.tenant()
    make.user("USER", username="eve", email="eve@example.test", tenant=elsewhere)
    for email in ("x1@example.test", "x2@example.test"):
        make.user("USER", username="twin", email=email)
    node = make.node()

    assert told(node, "uma", now).user == uma
    assert told(node, "UMA@example.test", now).user == uma
    assert told(node, "eve", now).user is None
    assert told(node, "twin", now).user is None
    assert told(node, "", now).user is None


def test_login_outlives_the_person_without_their_name_and_goes_with_the_node(now: datetime) -> None:
    uma, node = make.user("USER", username="uma"), make.node()
    login = told(node, "uma", now)
    with acting_as(str(connections["owner"].settings_dict["USER"])):
        erase_person(user=uma, now=now)
    login.refresh_from_db()
    assert (login.user, login.username) == (None, f"erased {login.pk}")

    with acting_as(str(connections["owner"].settings_dict["USER"])):
        node.delete()
    assert not UserSession.objects.exists()


def test_what_machines_tell_leaves_no_image_and_a_correction_does(now: datetime) -> None:
    make.user("USER", username="uma")
    login = told(make.node(), "uma", now)
    images = AuditLog.objects.filter(resource_type="user_session")
    assert not images.exists()

    UserSession.objects.filter(pk=login.pk).update(terminal="tty9")
    [image] = images
    assert (image.action, image.category) == ("USER_SESSION_UPDATED", "SESSION")
    assert image.details == {"before": {"terminal": ""}, "after": {"terminal": "tty9"}}
    assert image.tenant_id == login.node.tenant_id


def test_collector_rewrites_neither_who_nor_when(now: datetime) -> None:
    told(make.node(), "uma", now)
    with acting_as("data_collector"), connection.cursor() as cursor:
        for column in ("user_id", "username", "login_time", "node_id"):
            with pytest.raises(Exception, match="permission denied"), transaction.atomic():
                cursor.execute(f"UPDATE user_sessions SET {column} = {column}")  # noqa: S608


def test_admin_corrects_whose_login_it_was_and_gives_it_to_nobody_of_another_tenant(
    client: Client, now: datetime
) -> None:
    login = told(make.node(), "root", now - timedelta(hours=1))
    stranger = make.user("USER", email="eve@example.test", tenant=make.tenant())
    uma = make.user("USER")
    page = reverse("admin:compute_sessions_usersession_change", args=[login.pk])
    signed_in.sign_in(client, make.user("ADMIN", email="root@example.test", tenant=None))
    form = {"login_time_0": f"{login.login_time:%F}", "login_time_1": f"{login.login_time:%T}"}
    form |= {"logout_time_0": f"{now:%F}", "logout_time_1": f"{now:%T}", "reason": "they told me"}

    refused = client.post(page, {**form, "user": stranger.pk})
    assert "another tenant" in refused.content.decode()
    contradiction = client.post(page, {**form, "user": uma.pk, "is_active": "on"})
    assert "user_sessions_active_until_logout" in contradiction.content.decode()
    assert client.post(page, {**form, "user": uma.pk}).status_code == 302

    login.refresh_from_db()
    assert (login.user, login.session_duration_minutes) == (uma, 60.0)
    assert AuditLog.objects.get(action="USER_SESSION_CORRECTED").reason == "they told me"
