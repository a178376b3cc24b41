"""Names of customers on sales orders were kept and read by nothing; they are emptied in batches."""

from django.db import migrations

BATCH = 5_000


def empty_names(apps, schema_editor):
    orders = apps.get_model("exceptions_app", "SalesOrder").objects
    last = 0
    while True:
        found = orders.filter(pk__gt=last).order_by("pk").values_list("pk", "customer_name")
        rows = list(found[:BATCH])
        if not rows:
            return
        named = [pk for pk, name in rows if name]
        orders.filter(pk__in=named).update(customer_name="")
        last = rows[-1][0]


class Migration(migrations.Migration):
    # Each batch is a transaction of its own: orders are read and written meanwhile.
    atomic = False
    dependencies = [("exceptions_app", "0012_open_credit_index")]

    operations = [migrations.RunPython(empty_names, migrations.RunPython.noop)]
