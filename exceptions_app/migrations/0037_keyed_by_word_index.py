from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0036_mark_keyed_by_hand"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("keyed", "word")),
                fields=["-id"],
                name="posting_keyed_by_word",
            ),
        ),
    ]
