"""A person can be taken out of the log: gone from every column, and every seal still holds."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction

from apps.audit.models import AuditLog, Category, ErasedPerson, Status
from apps.audit.selectors import AuditFilters, audit_entries
from apps.audit.services import erase_again, erase_people, erase_strangers, record
from apps.core.context import RequestContext, acting
from tests.audit.conftest import ADA, findings, seal_all
from tests.database import acting_as
from tests.roles import serving_as

pytestmark = pytest.mark.data_layer
UMA, OTTO = UUID(int=1), UUID(int=2)
AS_UMA = RequestContext(
    user_id=str(UMA), user_email="uma@example.test", ip_address="198.51.100.9", user_agent="Uma's browser"
)
TRACES = ("uma", "198.51.100.9")
NOBODY_YET = RequestContext(ip_address="198.51.100.9", user_agent="Uma's browser")


def live() -> None:
    """Let Uma sign in, fail to, and be changed by Ada."""
    with acting(NOBODY_YET):
        record(
            action="REFUSED", category=Category.AUTH, resource_type="user", resource_name="uma@example.test",
            subject_id=UMA, status=Status.FAILURE,
        )  # fmt: skip
    with acting(AS_UMA):
        record(action="SIGNED_IN", category=Category.AUTH, resource_type="user", resource_id=UMA, resource_name="uma@x")
        record(action="NODE_EDITED", category=Category.NODE, resource_type="node", resource_name="node-1")
    with acting(ADA):
        renamed = {"before": {"full_name": "Uma User"}, "after": {"full_name": "Uma Usher"}}
        record(action="RENAMED", category=Category.USER, resource_type="user", resource_id=UMA, personal=renamed)
        record(action="OTHER", category=Category.USER, resource_type="user", resource_id=OTTO, resource_name="Otto")


def erase(*people: UUID) -> int:
    """Erase people as the owner, as whom commands run."""
    with acting_as("omega_owner"):
        return erase_people(people=people, now=datetime.now(UTC))


def everything() -> str:
    """Return the whole log as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(string_agg(e::text, ' '), '') FROM audit_logs e")
        return str(cursor.fetchone()[0]).lower()


@pytest.fixture
def lived(committed: None) -> None:
    """All that happened is sealed."""
    live()
    with serving_as("omega_worker"):
        seal_all()


def test_erased_person_is_gone_and_every_seal_holds(lived: None) -> None:
    assert all(trace in everything() for trace in TRACES)
    changed = erase(UMA)

    assert changed == 6
    assert [trace for trace in TRACES if trace in everything()] == []
    assert findings() == []
    assert ErasedPerson.objects.get().subject_id == UMA
    assert AuditLog.objects.get(action="PERSON_ERASED").resource_id == str(UMA)


def test_others_and_what_was_done_stay(lived: None) -> None:
    before = list(AuditLog.objects.order_by("id").values_list("id", "action", "details", "user_id", "timestamp"))
    erase(UMA)

    after = AuditLog.objects.order_by("id").exclude(action__in=["PERSON_ERASED", "ERASURE_CREATED"])
    assert list(after.values_list("id", "action", "details", "user_id", "timestamp")) == before
    assert AuditLog.objects.get(action="NODE_EDITED").resource_name == "node-1"
    assert AuditLog.objects.get(action="RENAMED").user_email == "ada@example.test"
    assert AuditLog.objects.get(action="OTHER").resource_name == "Otto"


def test_nothing_finds_an_erased_person_but_their_id(lived: None) -> None:
    erase(UMA)

    for filters in (AuditFilters(user_email="uma"), AuditFilters(text="uma"), AuditFilters(ip_address="198.51.100.9")):
        assert list(audit_entries(filters)) == []
    assert {entry.action for entry in audit_entries(AuditFilters(person_id=UMA))} == {
        "REFUSED", "SIGNED_IN", "NODE_EDITED", "RENAMED", "PERSON_ERASED",
    }  # fmt: skip


def test_erasing_again_changes_nothing_and_leaves_one_tombstone(lived: None) -> None:
    assert (erase(UMA), erase(UMA, OTTO)) == (6, 1)
    assert set(ErasedPerson.objects.values_list("subject_id", flat=True)) == {UMA, OTTO}
    assert findings() == []


def test_after_a_restore_the_list_is_applied_again(worker: None, now: datetime) -> None:
    """An older backup still has the values; the list of erased people is newer."""
    live()
    seal_all()
    with connections["owner"].cursor() as cursor, transaction.atomic(using="owner"):
        cursor.execute("INSERT INTO erased_people (kind, subject_id, erased_at) VALUES ('person', %s, now())", [UMA])
        cursor.execute("SELECT audit_erase_people(array_agg(subject_id), now(), NULL) FROM erased_people")
        assert cursor.fetchone() == (6,)

    assert findings() == []


@pytest.mark.django_db
def test_command_applies_the_list_again(now: datetime) -> None:
    live()
    with acting_as("omega_owner"):
        erase_people(people=[UMA], now=now)
        live()
        assert erase_again(now=now) == 6

    assert AuditLog.objects.filter(user_email__startswith="uma").count() == 0


@pytest.mark.django_db
def test_strangers_are_forgotten_after_ninety_days(now: datetime) -> None:
    for days, name in ((91, "old"), (89, "young")):
        at = now - timedelta(days=days)
        AuditLog.objects.create(
            action=name, category="AUTH", timestamp=at, resource_type="user", resource_name="who@x.test",
            ip_address="203.0.113.1", user_agent="curl",
        )  # fmt: skip
        AuditLog.objects.create(
            action=f"{name} ada", category="AUTH", timestamp=at, user_id=OTTO, user_email="o@x.test"
        )
    with acting_as("omega_worker"):
        assert (erase_strangers(now=now), erase_strangers(now=now)) == (2, 0)

    old, young = AuditLog.objects.get(action="old"), AuditLog.objects.get(action="young")
    assert (old.resource_name, old.ip_address, old.user_agent) == ("", None, "")
    assert (young.resource_name, young.ip_address) == ("who@x.test", "203.0.113.1")
    assert AuditLog.objects.get(action="old ada").user_email == "o@x.test"
    assert ErasedPerson.objects.get().kind == "strangers"


@pytest.mark.django_db
def test_strangers_of_today_cannot_be_forgotten_by_a_wrong_clock(now: datetime) -> None:
    live()
    with acting_as("omega_worker"):
        assert erase_strangers(now=now + timedelta(days=1000)) == 0


@pytest.mark.django_db
def test_machines_and_log_ins_at_the_database_are_no_strangers(now: datetime) -> None:
    at = now - timedelta(days=100)
    for name, role in (("gpu-07", "AGENT"), ("grafana_ops", "SQL")):
        AuditLog.objects.create(action="T", category="NODE", timestamp=at, user_email=name, user_role=role)
    with acting_as("omega_worker"):
        assert erase_strangers(now=now) == 0
    assert set(AuditLog.objects.filter(action="T").values_list("user_email", flat=True)) == {"gpu-07", "grafana_ops"}


def test_forgotten_strangers_leave_the_seals_whole(committed: None, now: datetime) -> None:
    at = now - timedelta(days=100)
    AuditLog.objects.create(action="T", category="AUTH", timestamp=at, ip_address="203.0.113.1")
    with serving_as("omega_worker"):
        seal_all()
        assert erase_strangers(now=now) == 1
        assert findings() == []


FORBIDDEN = {
    "people": "SELECT audit_erase_people(array[gen_random_uuid()], now(), NULL)",
    "blanking": "UPDATE public.audit_logs SET user_email = '', actor_salt = NULL",
    "tombstone": "INSERT INTO public.erased_people (kind, cutoff, erased_at) VALUES ('strangers', now(), now())",
}


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["omega_portal", "omega_worker", "data_collector"])
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_serving_role_erases_anybody(role: str, what: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), acting_as(role), connection.cursor() as cursor:
        cursor.execute(FORBIDDEN[what])


OWNERS_TRICKS = {
    "plainly": "UPDATE audit_logs SET user_email = '', ip_address = NULL, user_agent = '', actor_salt = NULL",
    "with words in a comment": "UPDATE audit_logs SET user_email = '' /* audit_erase_people( */",
    "with a setting": "SET LOCAL omega.erasing = 'on'; UPDATE audit_logs SET actor_salt = NULL",
    "in a block": "DO $$ BEGIN UPDATE audit_logs SET user_email = 'eve' /* audit_erase_people( */; END $$",
}


@pytest.mark.django_db(databases=["default", "owner"])
@pytest.mark.parametrize("trick", OWNERS_TRICKS)
def test_owner_blanks_nothing_outside_the_function(trick: str) -> None:
    live()
    with (
        pytest.raises(DatabaseError, match="never changed"),
        acting_as("omega_owner"),
        connection.cursor() as cursor,
    ):
        cursor.execute(OWNERS_TRICKS[trick])
