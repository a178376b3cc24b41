"""A table for failed tries to sign in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0003_roles")]

    operations = [
        migrations.CreateModel(
            name="SignInTry",
            fields=[
                (
                    "key",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                ("failures", models.PositiveIntegerField(default=0)),
                ("first_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
