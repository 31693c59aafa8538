"""Until when the identity provider vouched for people and sessions, and whose refusals by a wait are on record."""

from django.db import migrations, models

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Adds the columns, then runs `sql/0010_vouching.sql`."""

    dependencies = [("accounts", "0009_closed_tenants")]
    operations = [
        migrations.AddField("user", "vouched_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField("websession", "vouched_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("signinattempt", "noted_until", models.DateTimeField(blank=True, null=True)),
        run_sql_file(__file__, "0010_vouching"),
    ]
