from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

CASE_OPEN = ("open", "assigned", "waiting", "awaiting_approval")


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [("exceptions_app", "0050_open_case_figures")]

    operations = [
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("status__in", CASE_OPEN)),
                fields=["type", "rma"],
                include=["bridge", "team", "snoozed_until"],
                name="case_open_by_type",
            ),
        ),
        # What is open by team and type is read from the counts, or by this one.
        RemoveIndexConcurrently(model_name="case", name="case_open_counts"),
    ]
