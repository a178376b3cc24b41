"""Credit quotes: what was promised for units of an order, kept until it lapses or binds a return."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0020_parcel_digits_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="CreditQuote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bound_at", models.DateTimeField(null=True)),
                ("released_at", models.DateTimeField(null=True)),
                ("idempotency_key", models.CharField(blank=True, default="", max_length=80)),
                ("request_hash", models.CharField(max_length=64)),
                ("units", models.JSONField(default=dict)),
                ("draft", models.JSONField(default=dict)),
                ("memos", models.JSONField(default=list)),
                ("basis", models.JSONField(default=dict)),
                ("facts_hash", models.CharField(max_length=64)),
                ("currency", models.CharField(max_length=3)),
                ("net", models.DecimalField(decimal_places=4, max_digits=18)),
                ("tax", models.DecimalField(decimal_places=4, max_digits=18)),
                ("gross", models.DecimalField(decimal_places=4, max_digits=18)),
                ("created_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "bridge",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quotes",
                        to="exceptions_app.bridge",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quotes",
                        to="exceptions_app.salesorder",
                    ),
                ),
                (
                    "rma",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_quote",
                        to="exceptions_app.rma",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("released_at__isnull", True)),
                        fields=["order", "expires_at"],
                        name="credit_quote_standing",
                    ),
                    models.Index(
                        condition=models.Q(("rma__isnull", True)),
                        fields=["expires_at"],
                        name="credit_quote_lapsed",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("idempotency_key", ""), _negated=True),
                        fields=("created_by", "idempotency_key"),
                        name="credit_quote_key_once",
                    )
                ],
            },
        ),
    ]
