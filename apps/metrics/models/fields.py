"""The column type of samples."""

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class Real(models.FloatField):  # type: ignore[type-arg]
    """A float of four bytes: sensors are not more exact, and samples are many."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Return PostgreSQL's `real`."""
        return "real"


def real(unit: str) -> Real:
    """Return a nullable sample column whose comment is its unit."""
    return Real(null=True, blank=True, db_comment=unit)
