import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("exceptions_app", "0034_reread_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="posting",
            name="keyed",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Not keyed by hand"),
                    ("word", "Keyed by hand, not verified"),
                    ("verified", "Keyed by hand, read back since"),
                    ("linked", "Linked by hand"),
                ],
                db_default="",
                default="",
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="KeyingClaim",
            fields=[
                (
                    "posting",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="keying_claim",
                        serialize=False,
                        to="exceptions_app.posting",
                    ),
                ),
                ("taken_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
