"""How many documents are open, in rows that add up; triggers keep them (decision 0014)."""

import django.db.models.deletion
from django.db import migrations, models

OPEN = """(
        'planned', 'blocked', 'held', 'ready', 'sending', 'unconfirmed', 'posted', 'failed'
    )"""
COUNTED = """bridge_id, kind, status, hold_reason, currency, is_in_trouble, count, units,
            total"""

FORWARD = f"""
CREATE FUNCTION exceptions_app_count_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status IN {OPEN} THEN
        INSERT INTO exceptions_app_postingcount (
            {COUNTED}
        ) VALUES (
            OLD.bridge_id, OLD.kind, OLD.status, OLD.hold_reason, OLD.currency,
            OLD.open_type <> '', -1, -OLD.units, -OLD.gross
        );
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status IN {OPEN} THEN
        INSERT INTO exceptions_app_postingcount (
            {COUNTED}
        ) VALUES (
            NEW.bridge_id, NEW.kind, NEW.status, NEW.hold_reason, NEW.currency,
            NEW.open_type <> '', 1, NEW.units, NEW.gross
        );
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER posting_counted_new AFTER INSERT ON exceptions_app_posting
    FOR EACH ROW WHEN (NEW.status IN {OPEN})
    EXECUTE FUNCTION exceptions_app_count_posting();

CREATE TRIGGER posting_counted_gone AFTER DELETE ON exceptions_app_posting
    FOR EACH ROW WHEN (OLD.status IN {OPEN})
    EXECUTE FUNCTION exceptions_app_count_posting();

CREATE TRIGGER posting_counted_changed AFTER UPDATE ON exceptions_app_posting
    FOR EACH ROW WHEN (
        (
            OLD.bridge_id, OLD.kind, OLD.status, OLD.hold_reason, OLD.currency,
            OLD.open_type <> '', OLD.units, OLD.gross
        ) IS DISTINCT FROM (
            NEW.bridge_id, NEW.kind, NEW.status, NEW.hold_reason, NEW.currency,
            NEW.open_type <> '', NEW.units, NEW.gross
        )
    )
    EXECUTE FUNCTION exceptions_app_count_posting();

-- As for exceptions: nobody can change a document meanwhile, and nobody folds.
CREATE FUNCTION exceptions_app_recount_postings() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('exceptions_app_postingcount'));
    LOCK TABLE exceptions_app_posting IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM exceptions_app_postingcount;
    INSERT INTO exceptions_app_postingcount ({COUNTED})
    SELECT bridge_id, kind, status, hold_reason, currency, open_type <> '',
        count(*), sum(units), sum(gross)
    FROM exceptions_app_posting WHERE status IN {OPEN}
    GROUP BY 1, 2, 3, 4, 5, 6;
END $$;

ALTER TABLE exceptions_app_postingcount SET (
    autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.1
);
"""

BACKWARD = """
DROP TRIGGER posting_counted_new ON exceptions_app_posting;
DROP TRIGGER posting_counted_gone ON exceptions_app_posting;
DROP TRIGGER posting_counted_changed ON exceptions_app_posting;
DROP FUNCTION exceptions_app_count_posting();
DROP FUNCTION exceptions_app_recount_postings();
"""


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0045_unknown_receipts_index")]

    operations = [
        migrations.CreateModel(
            name="PostingCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=24)),
                ("status", models.CharField(max_length=12)),
                ("hold_reason", models.CharField(blank=True, max_length=10)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("is_in_trouble", models.BooleanField()),
                ("count", models.IntegerField()),
                ("units", models.IntegerField()),
                ("total", models.DecimalField(decimal_places=4, max_digits=24)),
                (
                    "bridge",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="exceptions_app.bridge",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
