from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0084_questions_of_a_team_index"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="inboundevent",
            index=BrinIndex(fields=["received_at"], name="event_by_day", autosummarize=True),
        ),
    ]
