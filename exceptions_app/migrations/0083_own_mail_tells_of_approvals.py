"""Places set up before: a person's own tells of approvals, a team's of questions to the team."""

from django.db import migrations


def forward(apps, schema_editor):
    places = apps.get_model("exceptions_app", "MessagePlace").objects
    places.filter(owner__isnull=False).update(has_approvals=True)
    places.filter(owner__isnull=True).update(has_questions=True)


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0082_asked_people_are_told")]

    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
