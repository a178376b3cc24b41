from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Collate


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0019_mapping_import_reason"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="shipment",
            index=models.Index(
                Collate(
                    models.Func(
                        "tracking_number",
                        models.Value("[^0-9]"),
                        models.Value(""),
                        models.Value("g"),
                        function="regexp_replace",
                        output_field=models.CharField(),
                    ),
                    "C",
                ),
                name="shipment_find_digits",
            ),
        ),
    ]
