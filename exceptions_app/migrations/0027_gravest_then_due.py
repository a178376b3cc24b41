from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0026_unreadable_orders"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="case",
            options={"ordering": ["-severity_rank", "due_at", "id"]},
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    ("status__in", ("open", "assigned", "waiting", "awaiting_approval"))
                ),
                fields=["-severity_rank", "due_at", "id"],
                name="case_first",
            ),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(fields=["-severity_rank", "due_at", "id"], name="case_all_first"),
        ),
        # Nothing is read in the order of these any more.
        RemoveIndexConcurrently(model_name="case", name="case_queue"),
        RemoveIndexConcurrently(model_name="case", name="case_all_queue"),
    ]
