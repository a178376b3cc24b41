"""Why a return's order could not be taken in, so that its exception can say it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0025_credited_duty"),
    ]

    operations = [
        migrations.AddField(
            "rma",
            "order_problem",
            models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
    ]
