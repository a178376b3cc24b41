from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0044_open_case_look_ups"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="erpreceipt",
            index=models.Index(
                condition=models.Q(("key", ""), ("rma__isnull", True)),
                fields=["-received_at"],
                name="erp_receipt_unknown",
            ),
        ),
    ]
