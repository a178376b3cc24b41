"""An address at which people open a connected system themselves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0080_given_up_messages"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="console_url",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
    ]
