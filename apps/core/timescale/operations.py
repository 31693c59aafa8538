"""Migration operations that differ between the tiers, decided once by what the server offers."""

from collections.abc import Callable

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.core.sql import sql_text
from apps.core.timescale.tier import Tier


def run_sql_file_by_tier(module_file: str, name: str, *, licensed: str) -> migrations.RunPython:
    """Return the operation for `sql/<licensed>.sql` where continuous aggregates are, for `sql/<name>.sql` elsewhere."""

    def run(ending: str) -> Callable[[StateApps, BaseDatabaseSchemaEditor], None]:
        def execute(_: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
            chosen = licensed if editor.connection.tier is Tier.TIMESCALE else name  # type: ignore[attr-defined]
            editor.execute(sql_text(module_file, f"{chosen}{ending}"), params=None)

        return execute

    return migrations.RunPython(run(".sql"), run(".down.sql"))
