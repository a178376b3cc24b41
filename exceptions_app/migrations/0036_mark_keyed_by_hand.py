"""Documents that were keyed or linked before: their attempts say so, and nothing read them back."""

from django.db import migrations

FORWARD = """
UPDATE exceptions_app_posting SET keyed = CASE told.purpose WHEN 'post' THEN 'word' ELSE 'linked' END
    FROM (
        SELECT DISTINCT ON (posting_id) posting_id, purpose FROM exceptions_app_postingattempt
        WHERE outcome = 'keyed' ORDER BY posting_id, id DESC
    ) AS told
    WHERE told.posting_id = exceptions_app_posting.id
    AND exceptions_app_posting.status = 'confirmed';
"""


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0035_keyed_by_hand")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
