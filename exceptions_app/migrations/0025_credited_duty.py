"""What a credit takes of a line's import duty, beside its net and taxes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0024_sums_indexes"),
    ]

    operations = [
        migrations.AddField(
            "credittaking",
            "duty",
            models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18),
        ),
    ]
