import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0070_item_checks")]

    operations = [
        migrations.AddField(
            model_name="savedview",
            name="is_default",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="userpreferences",
            name="opens_plain",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="userpreferences",
            name="opens_with",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="exceptions_app.savedview",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                condition=Q(is_default=True),
                fields=["page", "team", "role"],
                name="saved_view_default_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.CheckConstraint(
                condition=Q(is_default=False) | Q(owner__isnull=True),
                name="saved_view_default_of_many",
            ),
        ),
    ]
