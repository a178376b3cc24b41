import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0032_recent_receipts_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReturnFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Nothing taken in yet"),
                            ("taking", "Being taken in"),
                            ("taken", "Taken in"),
                            ("discarded", "Discarded"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("file_hash", models.CharField(max_length=64)),
                ("content", models.BinaryField(default=bytes)),
                ("heads", models.JSONField(default=list)),
                ("row_count", models.PositiveIntegerField(default=0)),
                ("columns", models.JSONField(default=dict)),
                ("writing", models.JSONField(default=dict)),
                ("verdict", models.JSONField(default=dict)),
                ("leaves_out_wrong", models.BooleanField(default=False)),
                ("position", models.PositiveIntegerField(default=0)),
                ("kept", models.PositiveIntegerField(default=0)),
                ("uploaded_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="rma",
            name="reread_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="inboundevent",
            name="origin",
            field=models.CharField(
                choices=[("webhook", "Webhook"), ("poll", "Poll"), ("file", "File")], max_length=10
            ),
        ),
        migrations.AddField(
            model_name="returnfile",
            name="connection",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="return_files",
                to="exceptions_app.connection",
            ),
        ),
        migrations.AddField(
            model_name="returnfile",
            name="uploaded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="returnfile",
            index=models.Index(
                condition=models.Q(("status", "taking")), fields=["id"], name="return_file_due"
            ),
        ),
    ]
