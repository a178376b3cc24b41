"""What an ERP tells by itself: goods its own staff checked in, months it closed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0029_residue_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='ErpClosedPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period', models.CharField(max_length=7)),
                ('read_at', models.DateTimeField()),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='closed_periods', to='exceptions_app.connection')),
            ],
            options={
                'ordering': ['period'],
                'constraints': [models.UniqueConstraint(fields=('connection', 'period'), name='closed_period_once')],
            },
        ),
        migrations.CreateModel(
            name='ErpReceipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(max_length=80)),
                ('number', models.CharField(blank=True, default='', max_length=80)),
                ('authorisation_id', models.CharField(blank=True, default='', max_length=80)),
                ('warehouse', models.CharField(blank=True, default='', max_length=80)),
                ('key', models.CharField(blank=True, default='', max_length=80)),
                ('received_at', models.DateTimeField()),
                ('lines', models.JSONField(default=list)),
                ('read_at', models.DateTimeField()),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erp_receipts', to='exceptions_app.connection')),
                ('rma', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='erp_receipts', to='exceptions_app.rma')),
            ],
            options={
                'ordering': ['received_at', 'id'],
                'constraints': [models.UniqueConstraint(fields=('connection', 'external_id'), name='erp_receipt_once')],
            },
        ),
    ]
