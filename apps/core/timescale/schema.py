"""Tables partitioned by time: hypertables where TimescaleDB is, native range partitions elsewhere.

A model with a `TimescaleDateTimeField` becomes such a table. Its database key always holds the time column,
as both kinds of partitioning demand: a composite key stays as declared, a single-column key (which the admin
needs) becomes (key, time) in the database while the ORM keeps the single column.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import CompositePrimaryKey, Field, Model
from timescale.db.backends.postgresql.schema import TimescaleSchemaEditor
from timescale.db.models.fields import TimescaleDateTimeField


def time_field(model: type[Model]) -> TimescaleDateTimeField | None:
    """Return the field a model's table is partitioned by, if it is."""
    return next((f for f in model._meta.local_fields if isinstance(f, TimescaleDateTimeField)), None)


class DatabaseSchemaEditor(TimescaleSchemaEditor):  # type: ignore[misc]
    """django-timescaledb's editor, minus its dropping of primary keys and its need of the extension."""

    def table_sql(self, model: type[Model]) -> tuple[str, list[Any]]:
        """Add the composite key, and on plain PostgreSQL the range partitioning."""
        sql, params = super().table_sql(model)
        field = time_field(model)
        if field is None:
            return sql, params
        if not isinstance(model._meta.pk, CompositePrimaryKey):
            key = ", ".join(self.quote_name(name) for name in (model._meta.pk.column, field.column))
            sql = f"{sql.rstrip().removesuffix(')')}, PRIMARY KEY ({key}))"
        if not self.connection.tier.has_hypertables:
            sql += f" PARTITION BY RANGE ({self.quote_name(field.column)})"
        return sql, params

    def _iter_column_sql(self, *args: Any, **kwargs: Any) -> Iterator[str]:
        """Leave the single-column key out of a partitioned table; `table_sql` adds the composite one."""
        _, _, model, field, *_ = args
        is_replaced = field.primary_key and time_field(model) is not None
        return (
            part for part in super()._iter_column_sql(*args, **kwargs) if not (is_replaced and part == "PRIMARY KEY")
        )

    def _create_hypertable(self, model: type[Model], field: "Field[Any, Any]", should_migrate: bool = False) -> None:
        """Make the table a hypertable where TimescaleDB is."""
        if self.connection.tier.has_hypertables:
            super()._create_hypertable(model, field, should_migrate)

    def _drop_primary_key(self, model: type[Model]) -> None:
        """Keep the key: it already holds the time column."""

    def _set_chunk_time_interval(self, model: type[Model], field: "Field[Any, Any]") -> None:
        """Change the chunk length where there are chunks."""
        if self.connection.tier.has_hypertables:
            super()._set_chunk_time_interval(model, field)
