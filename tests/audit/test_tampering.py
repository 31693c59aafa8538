"""Hands that reach past every rule leave a trace: the check names the block, and the entry where it can."""

import pytest

from apps.audit.models import AuditLog, AuditSeal
from tests.audit.conftest import Tamper, findings, seal_all, write

pytestmark = pytest.mark.data_layer


def seal_over(entry: AuditLog) -> AuditSeal:
    """Return the seal that covers an entry."""
    return AuditSeal.objects.get(first_id__lte=entry.id, last_id__gte=entry.id)


CHANGES = {
    "one letter of the reason": "UPDATE audit_logs SET reason = 'x' WHERE id = %s",
    "one digit in details": "UPDATE audit_logs SET details = '{\"uses\": 4}' WHERE id = %s",
    "another category": "UPDATE audit_logs SET category = 'POOL' WHERE id = %s",
    "a microsecond": "UPDATE audit_logs SET timestamp = timestamp + interval '1 microsecond' WHERE id = %s",
    "another actor's id": "UPDATE audit_logs SET user_id = gen_random_uuid() WHERE id = %s",
    "empty made NULL": "UPDATE audit_logs SET tenant_id = NULL, subject_id = gen_random_uuid() WHERE id = %s",
    "a plain name": "UPDATE audit_logs SET resource_name = 'node-2' WHERE id = %s",
    "new commitments": "UPDATE audit_logs SET user_email = 'eve@example.test', actor_salt = 'salt',"
    " actor_digest = sha256('salt') WHERE id = %s",
}


@pytest.mark.parametrize("what", CHANGES)
def test_changed_entry_breaks_its_block_and_no_other(tamper: Tamper, what: str) -> None:
    entry = write(7, resource_type="node", resource_name="node-1", details={"uses": 3})[4]
    seal_all()
    tamper(CHANGES[what], entry.id)

    seal = seal_over(entry)
    assert AuditSeal.objects.count() >= 3
    assert {found.seal for found in findings()} == {seal.id}
    first = findings()[0]
    assert (first.first_id, first.last_id, first.sealed_at) == (seal.first_id, seal.last_id, seal.sealed_at)
    assert "an entry in it, or the seal itself, was changed" in first.text


PERSONAL = {
    "e-mail": ("user_email = 'eve@example.test'", "who did it"),
    "address": ("ip_address = '192.0.2.8'", "who did it"),
    "program": ("user_agent = 'curl'", "who did it"),
    "blanked": ("user_email = '', ip_address = NULL, user_agent = '', actor_salt = NULL", "who did it"),
    "blanked in part": ("user_agent = ''", "who did it"),
    "name": ("resource_name = 'Eve'", "whom it is about"),
    "personal": ('personal = \'{"after": {"email": "eve@example.test"}}\'', "whom it is about"),
    "blanked subject": ("resource_name = '', personal = NULL, subject_salt = NULL", "whom it is about"),
}


@pytest.mark.parametrize("what", PERSONAL)
def test_changed_personal_value_is_found_and_the_entry_named(tamper: Tamper, what: str) -> None:
    """No seal covers the values themselves, so that they can be erased; the commitments do."""
    personal = {"after": {"email": "uma@example.test"}}
    subject = "00000000-0000-0000-0000-000000000001"
    entry = write(4, resource_type="user", resource_id=subject, resource_name="Uma", personal=personal)[1]
    seal_all()
    change, says = PERSONAL[what]
    tamper(f"UPDATE audit_logs SET {change} WHERE id = %s", entry.id)  # noqa: S608

    (found,) = findings()
    assert (found.seal, found.entry) == (seal_over(entry).id, entry.id)
    assert says in found.text
    assert f"entry {entry.id}" in str(found)


def test_tombstone_of_somebody_else_excuses_nobody(tamper: Tamper) -> None:
    entry = write(1)[0]
    seal_all()
    tamper("INSERT INTO erased_people (kind, subject_id, erased_at) VALUES ('person', gen_random_uuid(), now())")
    tamper("UPDATE audit_logs SET user_email = '', ip_address = NULL, user_agent = '', actor_salt = NULL")

    assert entry.id in {found.entry for found in findings()}


def test_removed_entries_are_counted(tamper: Tamper) -> None:
    entries = write(7)
    seal_all()
    seal = seal_over(entries[4])
    tamper("DELETE FROM audit_logs WHERE id BETWEEN %s AND %s", seal.first_id, seal.last_id - 1)

    (found,) = findings()
    assert found.seal == seal.id
    assert found.text == f"{seal.row_count - 1} of its {seal.row_count} entries are gone"


@pytest.mark.parametrize("place", ["within", "before all", "twice the same id"])
def test_inserted_entry_is_found(tamper: Tamper, place: str) -> None:
    entries = write(7)
    seal_all()
    seal, victim = seal_over(entries[4]), entries[4]
    columns = "timestamp, user_email, action, category, resource_type"
    values = "%s, timestamp + %s * interval '1 second', '', 'X', 'NODE', ''"
    copy = f"INSERT INTO audit_logs (id, {columns}) SELECT {values}"
    if place == "within":
        tamper("DELETE FROM audit_logs WHERE id = %s", victim.id)
        tamper(f"{copy} FROM audit_logs WHERE id = %s", victim.id, 0, entries[5].id)
    elif place == "before all":
        tamper(f"{copy} FROM audit_logs WHERE id = %s", -5, 0, victim.id)
        seal = AuditSeal.objects.get(id=1)
    else:
        tamper(f"{copy} FROM audit_logs WHERE id = %s", victim.id, 1, victim.id)

    assert {found.seal for found in findings()} == {seal.id}


def test_edited_seal_is_found(tamper: Tamper) -> None:
    write(7)
    seal_all()
    tamper("UPDATE audit_seals SET sealed_at = sealed_at + interval '1 hour' WHERE id = 2")

    assert [found.seal for found in findings()] == [2]


def test_forged_root_breaks_the_link_of_the_next_seal(tamper: Tamper) -> None:
    write(7)
    seal_all()
    tamper("UPDATE audit_seals SET root = sha256('forged') WHERE id = 2")

    assert [found.seal for found in findings()] == [2, 3]


def test_removed_seal_is_missed(tamper: Tamper) -> None:
    write(7)
    seal_all()
    tamper("DELETE FROM audit_seals WHERE id = 2")

    assert [found.text for found in findings() if found.seal == 3] == ["the seals before it are missing: 2 to 2"]


def test_removed_first_seals_are_missed(tamper: Tamper) -> None:
    write(7)
    seal_all()
    tamper("DELETE FROM audit_seals WHERE id < 3")

    assert "the seals before it are missing: 1 to 2" in [found.text for found in findings()]


@pytest.mark.parametrize("kind", ["strangers", "person"])
def test_forged_tombstone_excuses_nothing(tamper: Tamper, kind: str) -> None:
    entry = write(3)[1]
    seal_all()
    tamper(
        "UPDATE audit_logs SET user_email = '', ip_address = NULL, user_agent = '', actor_salt = NULL WHERE id = %s",
        entry.id,
    )
    if kind == "strangers":
        tamper("INSERT INTO erased_people (kind, cutoff, erased_at) VALUES ('strangers', 'infinity', now())")
    else:
        tamper(
            "INSERT INTO erased_people (kind, subject_id, erased_at) VALUES ('person', %s, now())",
            entry.user_id or "00000000-0000-0000-0000-000000000009",
        )
    assert any("stands in no entry" in found.text for found in findings())
