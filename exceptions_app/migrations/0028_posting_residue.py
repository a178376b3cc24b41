from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0027_gravest_then_due"),
    ]

    operations = [
        migrations.AddField(
            model_name="posting",
            name="residue",
            field=models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18),
        ),
    ]
