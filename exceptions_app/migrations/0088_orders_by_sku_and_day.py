"""Orders that sold an item, and those of a day: asked for by every return without its order."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [("exceptions_app", "0087_away_without_a_delegate")]

    operations = [
        AddIndexConcurrently(
            model_name="salesorder",
            index=models.Index(fields=["connection", "-ordered_at", "-id"], name="order_newest"),
        ),
        AddIndexConcurrently(
            model_name="salesorderline",
            index=models.Index(fields=["sku", "order"], name="order_line_by_sku"),
        ),
    ]
