from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [("exceptions_app", "0075_fill_acceptances")]

    operations = [
        AddIndexConcurrently(
            model_name="fix",
            index=models.Index(fields=["requested_at"], name="fix_by_requested"),
        ),
    ]
