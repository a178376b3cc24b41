from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

CASE_OPEN = ("open", "assigned", "waiting", "awaiting_approval")


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [("exceptions_app", "0067_waits_behind")]

    operations = [
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("behind__isnull", False), ("status__in", CASE_OPEN)),
                fields=["behind"],
                name="case_open_behind",
            ),
        ),
    ]
