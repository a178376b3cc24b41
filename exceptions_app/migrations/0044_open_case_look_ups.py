from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

CASE_OPEN = ("open", "assigned", "waiting", "awaiting_approval")
NARROWED_BY = ("team", "type", "severity_rank", "bridge", "assignee", "snoozed_until")


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [("exceptions_app", "0043_fill_open_case_counts")]

    operations = [
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("status__in", CASE_OPEN)),
                fields=["group", "due_at"],
                include=NARROWED_BY,
                name="case_open_due",
            ),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("status__in", CASE_OPEN)),
                fields=["group", "opened_at", "id"],
                include=NARROWED_BY,
                name="case_open_oldest",
            ),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("status__in", CASE_OPEN)),
                fields=["rma"],
                include=["team", "type", "bridge", "is_unpaid", "snoozed_until"],
                name="case_open_by_return",
            ),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("snoozed_until__isnull", False), ("status__in", CASE_OPEN)),
                fields=["snoozed_until"],
                name="case_open_snoozed",
            ),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("is_further", True), ("status__in", CASE_OPEN)),
                fields=["group", "rma"],
                name="case_open_further",
            ),
        ),
    ]
