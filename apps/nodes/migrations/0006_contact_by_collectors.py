from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("nodes", "0005_log_in_writes")]
    operations = []
