from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [
        ("exceptions_app", "0009_list_filter_indexes"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(fields=["subject_kind", "-id"], name="audit_by_kind"),
        ),
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("actor_user__isnull", False)),
                fields=["actor_user", "-id"],
                name="audit_by_person",
            ),
        ),
    ]
