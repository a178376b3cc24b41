from django.db import migrations, models

WAKES_ON = [
    ("message", "a new message about the return has come"),
    ("mapping", "a mapping of its value is in force"),
    ("document", "its document has been found in the ERP"),
    ("window", "the ERP's next posting window has opened"),
    ("period", "its month is open in the ERP's books"),
    ("items", "the ERP's item master has been read again"),
    ("value", "its value at risk has grown by an amount"),
    ("count", "its cause has grown by a number of exceptions"),
]


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0068_waits_behind_index")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="wakes_for",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AlterField(
            model_name="case",
            name="wakes_on",
            field=models.CharField(
                blank=True, choices=WAKES_ON, db_default="", default="", max_length=10
            ),
        ),
    ]
