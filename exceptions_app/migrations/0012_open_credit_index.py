from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0011_graded_lines_index"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="posting",
            index=models.Index(
                condition=models.Q(
                    ("kind", "credit_memo"),
                    (
                        "status__in",
                        [
                            "planned",
                            "blocked",
                            "held",
                            "ready",
                            "sending",
                            "unconfirmed",
                            "posted",
                            "failed",
                        ],
                    ),
                ),
                fields=["-rma"],
                name="posting_open_credit",
            ),
        ),
    ]
