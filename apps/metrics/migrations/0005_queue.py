"""What doors wait for while it changes, alone: the queue of hours gets its columns and its order before anything is copied."""

from django.db import migrations, models

from apps.core.sql import run_sql_file

ORDER = models.Index(fields=["bucket", "node_id"], name="usage_rollup_queue_by_hour")


class Migration(migrations.Migration):
    """Runs `sql/0005_queue.sql`."""

    dependencies = [("metrics", "0004_series_kinds")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField("usagerollupqueue", "rolled_at", models.DateTimeField(blank=True, null=True)),
                migrations.AddField("usagerollupqueue", "is_urgent", models.BooleanField(db_default=False)),
                migrations.AddIndex("usagerollupqueue", ORDER),
            ],
            database_operations=[run_sql_file(__file__, "0005_queue")],
        )
    ]
