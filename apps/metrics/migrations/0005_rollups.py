from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("metrics", "0004_series_kinds")]
    operations = []
