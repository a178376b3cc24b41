from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0014_mapping_origins"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="rmaline",
            index=models.Index(
                condition=models.Q(("disposition_at__isnull", False)),
                fields=["disposition", "disposition_at", "id"],
                name="rma_line_by_grade",
            ),
        ),
    ]
