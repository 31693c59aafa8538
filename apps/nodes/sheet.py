"""Nodes as a table that leaves for a spreadsheet and comes back corrected."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from import_export.resources import ModelResource
from import_export.results import Error
from tablib import Dataset

from apps.core.cells import neutral, original
from apps.nodes.models import Node

COLUMNS = (
    "id", "hostname", "name", "node_type", "region", "location", "ip_address", "description", "labels", "tags",
    "cpu_model", "total_cpu_cores", "total_memory_gb", "total_storage_gb", "gpu_model", "gpu_count", "os_name",
    "heartbeat_interval_seconds", "silence_grace_seconds",
)  # fmt: skip


MOST_ROWS: Final = 5_000


class Refusal(Error):  # type: ignore[misc]
    """What is wrong with a row, without the insides of the program."""

    traceback = ""


class NodeSheet(ModelResource):  # type: ignore[misc]
    """Updates nodes by their id; machines become nodes by enrolling, never by a table."""

    class Meta:
        """The columns, in order; unchanged rows are left alone."""

        model = Node
        fields = export_order = COLUMNS
        import_id_fields = ("id",)
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = True
        use_transactions = True

    def init_instance(self, row: dict[str, Any] | None = None) -> Node:
        """Refuse a row whose node is not there."""
        raise ValidationError(f"There is no node with the id “{str((row or {}).get('id', ''))[:40]}”.")

    @classmethod
    def get_error_result_class(cls) -> type[Error]:
        """Say what is wrong, not where in the code it was noticed."""
        return Refusal

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """Refuse a table that would keep a process busy for minutes."""
        if (rows := len(dataset)) > MOST_ROWS:
            # The library goes on to the rows whatever is raised here.
            del dataset[:rows]
            raise ValidationError(f"A table has at most {MOST_ROWS} rows; this one has {rows}.")

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """Take off what the export put before dangerous cells."""
        row.update({name: original(cell) if isinstance(cell, str) else cell for name, cell in row.items()})

    def after_export(self, queryset: Any, dataset: Dataset, **kwargs: Any) -> None:
        """Put nothing into the table that a spreadsheet would run."""
        rows = [[neutral(cell) if isinstance(cell, str) else cell for cell in row] for row in dataset]
        headers = dataset.headers
        dataset.wipe()
        dataset.headers = headers
        dataset.extend(rows)
