"""What only the database can promise: one control-number sequence, and an audit trail nobody edits."""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE exceptions_app_control_number START 1;

CREATE FUNCTION exceptions_app_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only';
END $$;

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON exceptions_app_auditentry
    FOR EACH ROW EXECUTE FUNCTION exceptions_app_refuse_change();
"""

BACKWARD = """
DROP TRIGGER audit_append_only ON exceptions_app_auditentry;
DROP FUNCTION exceptions_app_refuse_change();
DROP SEQUENCE exceptions_app_control_number;
"""


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
