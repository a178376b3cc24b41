from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0018_trail_days_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="mappingimport",
            name="reason",
            field=models.CharField(blank=True, default="", max_length=300),
        ),
    ]
