from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

CASE_OPEN = ("open", "assigned", "waiting", "awaiting_approval")
POSTING_OPEN = [
    "planned",
    "blocked",
    "held",
    "ready",
    "sending",
    "unconfirmed",
    "posted",
    "failed",
]


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [("exceptions_app", "0023_fill_unpaid_cases")]

    operations = [
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("status__in", CASE_OPEN)),
                fields=["team", "group", "rma"],
                include=(
                    "id",
                    "type",
                    "bridge",
                    "severity",
                    "severity_rank",
                    "value",
                    "currency",
                    "assignee",
                    "opened_at",
                    "due_at",
                    "snoozed_until",
                    "reopened_count",
                    "is_unpaid",
                ),
                name="case_open_sums",
            ),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("resolved_at__isnull", False)),
                fields=["group", "resolved_at"],
                include=("opened_at",),
                name="case_closed_by_group",
            ),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(fields=["-severity_rank", "-value", "id"], name="case_all_queue"),
        ),
        AddIndexConcurrently(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("status__in", POSTING_OPEN)),
                fields=["bridge", "kind", "status", "hold_reason", "currency"],
                include=("rma", "open_type", "gross", "units", "created_at", "hold_until"),
                name="posting_open_sums",
            ),
        ),
    ]
