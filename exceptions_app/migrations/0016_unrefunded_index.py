from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0015_lines_by_grade_index"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="rma",
            index=models.Index(
                condition=models.Q(
                    ("approval__in", ["requested", "unknown", "authorised", "closed"]),
                    ("money__in", ["none", "pending", "failed"]),
                ),
                fields=["-id"],
                name="rma_unrefunded",
            ),
        ),
    ]
