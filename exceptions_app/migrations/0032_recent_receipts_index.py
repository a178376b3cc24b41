from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0031_abilities_and_makers"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="erpreceipt",
            index=models.Index(fields=["connection", "received_at"], name="erp_receipt_lately"),
        ),
    ]
