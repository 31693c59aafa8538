from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("metrics", "0006_seed_views")]
    operations = []
