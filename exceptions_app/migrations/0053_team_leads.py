"""The role of who leads a team."""

from django.db import migrations


def create_role(apps, schema_editor):
    apps.get_model("auth", "Group").objects.get_or_create(name="lead")


def remove_role(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="lead").delete()


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0052_bulk_acts")]

    operations = [migrations.RunPython(create_role, remove_role)]
