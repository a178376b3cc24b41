import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


FORWARD = """
CREATE FUNCTION exceptions_app_keep_profile_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a profile version is never changed';
END $$;

CREATE TRIGGER profile_version_kept BEFORE UPDATE OR DELETE ON exceptions_app_profileversion
    FOR EACH ROW EXECUTE FUNCTION exceptions_app_keep_profile_version();
"""

BACKWARD = """
DROP TRIGGER profile_version_kept ON exceptions_app_profileversion;
DROP FUNCTION exceptions_app_keep_profile_version();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0037_keyed_by_word_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ProfileVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=80)),
                ('version', models.CharField(max_length=40)),
                ('content_hash', models.CharField(max_length=64)),
                ('text', models.TextField()),
                ('reason', models.CharField(max_length=500)),
                ('activated_at', models.DateTimeField()),
                ('activated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='profile_versions', to='exceptions_app.connection')),
                ('restores', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exceptions_app.profileversion')),
            ],
            options={
                'ordering': ['connection', '-number'],
                'constraints': [models.UniqueConstraint(fields=('connection', 'number'), name='profile_version_number_once')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
