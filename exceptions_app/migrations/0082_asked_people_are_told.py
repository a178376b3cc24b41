"""Messages about notes that name somebody, questions and approvals, and who wants them."""

from django.db import migrations, models

ON = models.BooleanField(db_default=True, default=True)
OFF = models.BooleanField(db_default=False, default=False)
PURPOSES = [
    ("alert", "Alert"),
    ("escalation", "Past its time"),
    ("digest", "Digest"),
    ("mention", "Named in a note"),
    ("question", "Question"),
    ("approval", "Approval wanted"),
    ("test", "Test"),
]


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0081_where_people_open_it")]

    operations = [
        migrations.AddField("messageplace", "has_mentions", ON),
        migrations.AddField("messageplace", "has_questions", OFF),
        migrations.AddField("messageplace", "has_approvals", OFF),
        migrations.AlterField(
            "message", "purpose", models.CharField(choices=PURPOSES, max_length=10)
        ),
        *(
            migrations.AddField(
                "message",
                name,
                models.ManyToManyField(related_name="messages", to=f"exceptions_app.{model}"),
            )
            for name, model in (
                ("mentions", "mention"),
                ("questions", "question"),
                ("fixes", "fix"),
            )
        ),
    ]
