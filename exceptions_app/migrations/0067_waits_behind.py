"""Which exception of a return waits for which (decision 0024)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0066_questions")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="behind",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="exceptions_app.case",
            ),
        ),
    ]
