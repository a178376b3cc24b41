"""What counts leave out for waiting behind another is left out by the indexes they look up, too."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

CASE_OPEN = ("open", "assigned", "waiting", "awaiting_approval")
NARROWED_BY = ("team", "type", "severity_rank", "bridge", "assignee", "snoozed_until")
LOOK_UPS = {
    "case_open_due": (["group", "due_at"], [*NARROWED_BY, "behind"]),
    "case_open_oldest": (["group", "opened_at", "id"], [*NARROWED_BY, "behind"]),
    "case_open_by_return": (
        ["rma"],
        ["team", "type", "bridge", "is_unpaid", "snoozed_until", "behind"],
    ),
    "case_open_by_type": (["type", "rma"], ["bridge", "team", "snoozed_until", "behind"]),
    "case_open_sums": (
        ["team", "group", "rma"],
        [
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
            "behind",
        ],
    ),
}


def _anew(name, fields, include):
    """The wider one stands before the other goes, so that no list is without it for a moment."""
    wider = models.Index(
        condition=models.Q(("status__in", CASE_OPEN)),
        fields=fields,
        include=include,
        name=f"{name}_new",
    )
    return [
        AddIndexConcurrently(model_name="case", index=wider),
        RemoveIndexConcurrently(model_name="case", name=name),
        migrations.RenameIndex(model_name="case", old_name=f"{name}_new", new_name=name),
    ]


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [("exceptions_app", "0072_counts_of_what_waits")]

    operations = [
        # What can be done now, in the order of the queue: however many wait, none is walked past.
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("behind__isnull", True), ("status__in", CASE_OPEN)),
                fields=["-severity_rank", "due_at", "id"],
                name="case_to_do_first",
            ),
        ),
        *(step for name, parts in LOOK_UPS.items() for step in _anew(name, *parts)),
    ]
