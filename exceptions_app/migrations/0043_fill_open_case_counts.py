"""Exceptions that were open before: those that share return and cause, and how many there are."""

from django.db import migrations

FORWARD = """
UPDATE exceptions_app_case SET is_further = true
    FROM (
        SELECT id, row_number() OVER (PARTITION BY rma_id, group_id ORDER BY id) AS place
        FROM exceptions_app_case
        WHERE status IN ('open', 'assigned', 'waiting', 'awaiting_approval')
        AND rma_id IS NOT NULL
    ) AS told
    WHERE told.id = exceptions_app_case.id AND told.place > 1;

SELECT exceptions_app_recount_cases();
"""


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0042_open_case_counts")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
