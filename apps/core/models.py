"""Pieces of models that every app uses; core has no table of its own."""

from typing import Any
from uuid import uuid4

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now


class Timestamps(models.Model):
    """When a row that people edit was made and last changed."""

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), editable=False)

    class Meta:
        """Abstract."""

        abstract = True


def uuid_key(column: str) -> "models.UUIDField[Any, Any]":
    """Return the primary key of a thing that people and agents name: a UUID in the column `<thing>_id`."""
    return models.UUIDField(primary_key=True, db_column=column, default=uuid4, db_default=RandomUUID(), editable=False)


def one_of(field: str, choices: type[models.TextChoices], name: str) -> models.CheckConstraint:
    """Return the CHECK constraint that keeps a text column within its choices."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": choices.values}), name=name)
