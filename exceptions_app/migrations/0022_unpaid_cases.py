"""A case says whether its return's refund is not confirmed; the database keeps it true.

Only planning opens cases of a return, and it holds the return's row; whoever changes a refund
holds it too, so neither trigger can miss the other.
"""

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION exceptions_app_case_unpaid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.is_unpaid := EXISTS (
        SELECT 1 FROM exceptions_app_rma WHERE id = NEW.rma_id AND money <> 'confirmed'
    );
    RETURN NEW;
END $$;

CREATE TRIGGER case_unpaid BEFORE INSERT OR UPDATE OF rma_id, is_unpaid ON exceptions_app_case
    FOR EACH ROW EXECUTE FUNCTION exceptions_app_case_unpaid();

CREATE FUNCTION exceptions_app_rma_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE exceptions_app_case SET is_unpaid = NEW.money <> 'confirmed'
        WHERE rma_id = NEW.id AND is_unpaid <> (NEW.money <> 'confirmed');
    RETURN NULL;
END $$;

CREATE TRIGGER rma_paid AFTER UPDATE OF money ON exceptions_app_rma
    FOR EACH ROW WHEN (OLD.money IS DISTINCT FROM NEW.money)
    EXECUTE FUNCTION exceptions_app_rma_paid();
"""

BACKWARD = """
DROP TRIGGER rma_paid ON exceptions_app_rma;
DROP FUNCTION exceptions_app_rma_paid();
DROP TRIGGER case_unpaid ON exceptions_app_case;
DROP FUNCTION exceptions_app_case_unpaid();
"""


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0021_credit_quotes")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="is_unpaid",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
