from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0016_unrefunded_index"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="auditentry",
            index=BrinIndex(fields=["at"], name="audit_by_day", autosummarize=True),
        ),
    ]
