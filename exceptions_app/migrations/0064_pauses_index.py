from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside the running house: an index built in one go would stop every write meanwhile.
    atomic = False

    dependencies = [("exceptions_app", "0063_pauses_and_escalations")]

    operations = [
        AddIndexConcurrently(
            model_name='case',
            index=models.Index(condition=models.Q(('paused_until__isnull', False), ('status__in', ('open', 'assigned', 'waiting', 'awaiting_approval'))), fields=['team', 'paused_until'], name='case_open_paused'),
        ),
        AddIndexConcurrently(
            model_name='case',
            index=models.Index(condition=models.Q(('escalated__gt', 0), ('status__in', ('open', 'assigned', 'waiting', 'awaiting_approval'))), fields=['team', '-escalated', 'due_at'], name='case_open_escalated'),
        ),
    ]
