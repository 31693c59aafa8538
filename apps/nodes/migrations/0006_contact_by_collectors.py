"""When a collector that is not our agent last sent what vitals can be derived from."""

from django.db import migrations, models

from apps.core.sql import run_sql_file

PUBLISH = "SELECT publish_view('readable', 'nodes', rows_of_tenant(), all_readers())"
UNPUBLISH = "DROP VIEW readable.nodes"


class Migration(migrations.Migration):
    """The view of nodes is away while the column comes or goes."""

    dependencies = [("nodes", "0005_log_in_writes")]
    operations = [
        migrations.RunSQL(UNPUBLISH, PUBLISH),
        migrations.AddField("node", "collected_at", models.DateTimeField(blank=True, editable=False, null=True)),
        run_sql_file(__file__, "0006_contact_by_collectors"),
        migrations.RunSQL(PUBLISH, UNPUBLISH),
    ]
