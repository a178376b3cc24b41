from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0033_return_files"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="rma",
            index=models.Index(
                condition=models.Q(("reread_at__isnull", False)),
                fields=["bridge", "reread_at"],
                name="rma_reread_due",
            ),
        ),
    ]
