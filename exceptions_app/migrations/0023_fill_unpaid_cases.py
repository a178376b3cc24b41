"""Cases that were there before: those whose refund is not confirmed are few."""

from django.db import migrations

FORWARD = """
UPDATE exceptions_app_case SET is_unpaid = true
    FROM exceptions_app_rma
    WHERE exceptions_app_rma.id = exceptions_app_case.rma_id
    AND exceptions_app_rma.money <> 'confirmed';
"""


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0022_unpaid_cases")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
