"""The timetable names real tasks and what is due of it; Celery is set so that nothing is lost or done twice."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.jobs.rules import newest_slot
from omega_portal.celery import TASK_SECONDS, TIMETABLE, app
from omega_portal.timetable import due_slots

NOW = datetime(2026, 11, 21, 12, 0, 1, tzinfo=UTC)


def newest(name: str, now: datetime = NOW) -> datetime:
    """Return the newest slot of an entry."""
    when = TIMETABLE[name]
    return newest_slot(when["every"], now, when.get("offset", timedelta(0)))


@pytest.mark.django_db
def test_every_entry_is_a_task_that_a_worker_knows() -> None:
    app.loader.import_default_modules()

    assert {f"apps.{name.replace('.', '.tasks.')}" for name in TIMETABLE} <= set(app.tasks)


@pytest.mark.django_db
def test_every_task_of_the_portal_is_in_the_timetable() -> None:
    app.loader.import_default_modules()
    ours = {name.replace(".tasks.", ".").removeprefix("apps.") for name in app.tasks if name.startswith("apps.")}

    assert ours == set(TIMETABLE)


def test_everything_is_due_at_first_and_nothing_once_sent() -> None:
    first = dict(due_slots({}, NOW))

    assert first == {name: newest(name) for name in TIMETABLE}
    assert list(due_slots(first, NOW)) == []


def test_slots_missed_during_an_outage_are_sent_as_the_newest_one() -> None:
    marks = {name: newest(name, NOW - timedelta(days=9)) for name in TIMETABLE}

    assert dict(due_slots(marks, NOW)) == {name: newest(name) for name in TIMETABLE}


def test_only_what_became_due_is_sent() -> None:
    marks = dict(due_slots({}, NOW))

    assert [name for name, _ in due_slots(marks, NOW + timedelta(seconds=2))] == ["nodes.settle_contact"]


def test_messages_lost_with_a_worker_come_back_and_none_is_handed_out_twice_while_it_runs() -> None:
    conf, transport = app.conf, app.conf.broker_transport_options

    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
    assert (transport["unacked_restore_interval"], transport["unacked_restore_throttle"]) == (5, 1)
    assert conf.task_soft_time_limit < conf.task_time_limit == TASK_SECONDS < transport["visibility_timeout"]


def test_only_json_is_read_from_the_broker() -> None:
    conf = app.conf

    assert (conf.task_serializer, list(conf.accept_content), conf.result_backend) == ("json", ["json"], None)
    assert (conf.timezone, conf.enable_utc, conf.beat_scheduler) == (
        "UTC",
        True,
        "omega_portal.timetable:LeasedScheduler",
    )
