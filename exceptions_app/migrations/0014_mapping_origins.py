"""Each version of a mapping knows its file or what was shown for it; a file can be taken back."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0013_empty_customer_names_of_orders"),
    ]

    operations = [
        migrations.AddField(
            model_name="mapping",
            name="effect",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="mapping",
            name="file",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="mappings",
                to="exceptions_app.mappingimport",
            ),
        ),
        migrations.AlterField(
            model_name="mappingimport",
            name="status",
            field=models.CharField(
                choices=[
                    ("checked", "Checked, nothing changed yet"),
                    ("applied", "Applied"),
                    ("discarded", "Discarded"),
                    ("reverted", "Taken back"),
                ],
                max_length=12,
            ),
        ),
    ]
