from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [("exceptions_app", "0083_own_mail_tells_of_approvals")]

    operations = [
        AddIndexConcurrently(
            model_name="question",
            index=models.Index(fields=["team", "-asked_at"], name="question_by_team"),
        ),
    ]
