from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

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
KIND = ["bridge", "kind", "status", "hold_reason", "currency"]


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [("exceptions_app", "0047_fill_open_document_counts")]

    operations = [
        AddIndexConcurrently(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("status__in", POSTING_OPEN)),
                fields=[*KIND, "created_at"],
                include=["rma", "open_type", "gross", "units", "hold_until"],
                name="posting_open_oldest",
            ),
        ),
        # It holds all that this one held.
        RemoveIndexConcurrently(model_name="posting", name="posting_open_sums"),
        AddIndexConcurrently(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("hold_until__isnull", False), ("status__in", POSTING_OPEN)),
                fields=[*KIND, "hold_until"],
                include=["open_type"],
                name="posting_held_until",
            ),
        ),
        AddIndexConcurrently(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("status", "unconfirmed")),
                fields=["not_before", "id"],
                name="posting_unknown_first",
            ),
        ),
        AddIndexConcurrently(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("status", "unconfirmed")),
                fields=["unknown_since"],
                name="posting_unknown_since",
            ),
        ),
    ]
