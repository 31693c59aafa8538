from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("metrics", "0003_rows")]
    operations = []
