"""A node's history keeps the id of whoever acted, not their e-mail: what tells who somebody is can be erased elsewhere."""

from django.db import migrations, models

from apps.core.sql import run_sql_file

PUBLISH = "SELECT publish_view('readable', 'node_lifecycle_logs', rows_of_node('node_lifecycle_logs'), fleet_readers())"
UNPUBLISH = "DROP VIEW readable.node_lifecycle_logs"


class Migration(migrations.Migration):
    """The e-mails become ids where an account has them; others are gone. The view is away while columns change."""

    dependencies = [("nodes", "0003_rows"), ("accounts", "0006_rows")]
    operations = [
        migrations.RunSQL(UNPUBLISH, PUBLISH),
        migrations.AddField("nodelifecyclelog", "actor_id", models.UUIDField(blank=True, null=True)),
        run_sql_file(__file__, "0004_lifecycle_actor"),
        migrations.RemoveField("nodelifecyclelog", "actor_email"),
        migrations.RunSQL(PUBLISH, UNPUBLISH),
    ]
