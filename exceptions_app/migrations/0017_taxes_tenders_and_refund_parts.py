"""What an order and a refund say of their money in parts; how a credit was rounded.

Each column has a default in the database, so that an older release may go on writing.
"""

from django.db import migrations, models


def parts():
    return models.JSONField(blank=True, db_default=[], default=list)


def amount():
    return models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18)


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0016_unrefunded_index"),
    ]

    operations = [
        migrations.AddField("salesorder", "shipping_discount", amount()),
        migrations.AddField("salesorder", "tenders", parts()),
        migrations.AddField(
            "salesorder", "prices_include_tax", models.BooleanField(blank=True, null=True)
        ),
        migrations.AddField("salesorderline", "taxes", parts()),
        migrations.AddField("salesorderline", "discounts", parts()),
        migrations.AddField(
            "salesorderline",
            "parent_line_id",
            models.CharField(blank=True, db_default="", default="", max_length=80),
        ),
        migrations.AddField("salesorderline", "duty", amount()),
        migrations.AddField(
            "refund",
            "origin",
            models.CharField(
                choices=[
                    ("platform", "Returns platform"),
                    ("storefront", "Storefront"),
                    ("gateway", "Payment gateway"),
                    ("outside", "Outside the platform"),
                ],
                db_default="platform",
                default="platform",
                max_length=12,
            ),
        ),
        migrations.AddField("refund", "parts", parts()),
        migrations.AddField("refund", "tenders", parts()),
        migrations.AddField("credittaking", "taxes", parts()),
        migrations.AddField(
            "posting",
            "rounding",
            models.JSONField(blank=True, db_default={}, default=dict),
        ),
    ]
