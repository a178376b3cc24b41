"""One group per role; what a role may do is in the capability table, not in the database."""

from django.db import migrations

ROLES = ["cx", "warehouse", "finance", "merchandising", "integrator", "admin", "auditor"]


def create_roles(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for role in ROLES:
        group.objects.get_or_create(name=role)


def remove_roles(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0002_database_rules"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(create_roles, remove_roles)]
