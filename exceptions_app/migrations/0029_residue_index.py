from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0028_posting_residue"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("residue", 0), _negated=True),
                fields=["bridge", "currency", "created_at"],
                include=["rma", "residue"],
                name="posting_residues",
            ),
        ),
    ]
