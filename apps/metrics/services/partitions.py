"""Partitions of plain PostgreSQL, made ahead of time; TimescaleDB makes its chunks itself."""

from datetime import datetime, timedelta

from django.apps import apps
from django.db import models
from timescale.db.models.fields import TimescaleDateTimeField

from apps.core import sql

AHEAD_STEPS = 4
BEHIND = timedelta(days=8)


def partitioned_models() -> list[tuple[type[models.Model], TimescaleDateTimeField]]:
    """Return every model whose table is partitioned, with the field it is partitioned by."""
    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, TimescaleDateTimeField)
    ]


def ensure_partitions(*, now: datetime, since: datetime | None = None) -> int:
    """Make what is missing from `since` (8 days ago unless told) to four partitions ahead; returns how many."""
    made = 0
    for model, field in partitioned_models():
        ahead = AHEAD_STEPS * timedelta(days=int(field.interval.split()[0]))
        params = {
            "table": f"public.{model._meta.db_table}",
            "step": field.interval,
            "since": since or now - BEHIND,
            "until": now + ahead,
        }
        made += sql.fetch_all(__file__, "ensure_partitions.sql", params)[0]["made"]
    return made
