"""What vitals of a node are made of is remembered, and when there is something new."""

from django.db import migrations, models

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """The columns, then `sql/0012_vitals_series.sql`."""

    dependencies = [("metrics", "0011_latest_as_json")]
    operations = [
        migrations.AddField("vitalssource", "newest_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("vitalssource", "own_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("vitalssource", "done", models.TextField(blank=True, db_default="")),
        migrations.AddField("vitalssource", "seen_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("vitalssource", "again_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("vitalssource", "looked_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("vitalssource", "hostname", models.CharField(blank=True, db_default="", max_length=255)),
        migrations.AddField("vitalssource", "newest_series", models.IntegerField(db_default=0)),
        migrations.AddField("vitalssource", "series", models.TextField(blank=True, db_default="")),
        run_sql_file(__file__, "0012_vitals_series"),
        # A default lets the column come back to rows that are there.
        migrations.AlterField("vitalssource", "interval_seconds", models.FloatField(default=300.0)),
        migrations.RemoveField("vitalssource", "interval_seconds"),
    ]
