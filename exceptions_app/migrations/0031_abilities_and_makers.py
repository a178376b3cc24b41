"""What an ERP can do, what decided a posting, and refunds recorded in the ERP."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0030_erp_receipts_and_periods'),
    ]

    operations = [
        migrations.AddField(
            model_name='connection',
            name='capabilities',
            field=models.JSONField(blank=True, db_default={}, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='posting',
            name='made_by',
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AlterField(
            model_name='posting',
            name='kind',
            field=models.CharField(choices=[('return_authorisation', 'Return authorisation'), ('stock_receipt', 'Stock receipt'), ('stock_move', 'Stock move'), ('write_off', 'Write-off'), ('credit_memo', 'Credit memo'), ('refund_record', 'Refund record'), ('platform_update', 'Note to the platform')], max_length=24),
        ),
    ]
