"""Merges and splits of causes that last (decision 0021)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0059_role_views'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CauseRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('merge', 'Merged'), ('split', 'Split')], max_length=5)),
                ('fact', models.CharField(blank=True, default='', max_length=30)),
                ('value', models.CharField(blank=True, default='', max_length=300)),
                ('reason', models.CharField(max_length=300)),
                ('made_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('end_reason', models.CharField(blank=True, default='', max_length=300)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='case',
            name='own_group',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exceptions_app.causegroup'),
        ),
        migrations.AddField(
            model_name='causegroup',
            name='has_rules',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name='causerule',
            name='ended_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='causerule',
            name='group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rules', to='exceptions_app.causegroup'),
        ),
        migrations.AddField(
            model_name='causerule',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='causerule',
            name='target',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rules_into', to='exceptions_app.causegroup'),
        ),
        migrations.AddIndex(
            model_name='causerule',
            index=models.Index(fields=['-made_at'], name='cause_rule_by_time'),
        ),
        migrations.AddConstraint(
            model_name='causerule',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('group', 'fact', 'value'), name='cause_rule_once'),
        ),
        migrations.AddConstraint(
            model_name='causerule',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'split'), ('fact', ''), _connector='XOR'), name='cause_rule_split_names_a_fact'),
        ),
    ]
