"""Celery: the app, and the whole timetable on one screen."""

import os
from datetime import timedelta

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omega_portal.settings.django")
os.environ.setdefault("OMEGA_PROCESS", "worker")

# Every entry runs at each multiple of `every` since 1970 UTC (plus `offset`); the slot goes with the message.
TIMETABLE: dict[str, dict[str, timedelta]] = {
    "nodes.settle_contact": {"every": timedelta(seconds=2)},
    "nodes.forget_dead_doors": {"every": timedelta(hours=1)},
    "metrics.tell_cluster_state": {"every": timedelta(seconds=5)},
    "metrics.roll_up": {"every": timedelta(seconds=30)},
    "metrics.derive_vitals": {"every": timedelta(seconds=10)},
    "metrics.ensure_partitions": {"every": timedelta(hours=6)},
    "metrics.drop_expired": {"every": timedelta(days=1), "offset": timedelta(hours=3)},
    "metrics.correct_samples": {"every": timedelta(seconds=5)},
    "metrics.forget_corrected_values": {"every": timedelta(days=1), "offset": timedelta(hours=5)},
    "metrics.apply_retention": {"every": timedelta(minutes=1)},
    "jobs.forget_old_runs": {"every": timedelta(minutes=30)},
    "jobs.seal_audit": {"every": timedelta(seconds=10)},
    "jobs.verify_audit": {"every": timedelta(seconds=5)},
    "jobs.request_audit_verification": {"every": timedelta(days=1), "offset": timedelta(hours=2)},
    "jobs.forget_strangers": {"every": timedelta(days=1), "offset": timedelta(hours=4)},
    "accounts.forget_old_sign_ins": {"every": timedelta(hours=1)},
    "accounts.revalidate_sessions": {"every": timedelta(seconds=30)},
    "accounts.end_due_overrides": {"every": timedelta(minutes=1)},
}

TASK_SECONDS = 90

app = Celery("omega_portal")
app.conf.update(
    broker_connection_retry_on_startup=True,
    # Longer than any task, so that none is handed out twice while it runs; lost ones come back within seconds of it.
    broker_transport_options={
        "visibility_timeout": 3 * TASK_SECONDS,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "health_check_interval": 10,
    },
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_time_limit=TASK_SECONDS,
    task_soft_time_limit=TASK_SECONDS - 10,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_soft_shutdown_timeout=10,
    worker_send_task_events=False,
    beat_scheduler="omega_portal.timetable:LeasedScheduler",
    beat_max_loop_interval=1,
    timezone="UTC",
    enable_utc=True,
)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def limit_threads(**_: object) -> None:
    """Keep numeric libraries from starting a thread per core in every worker process."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
