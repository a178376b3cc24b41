"""How many exceptions are open, in rows that add up; triggers keep them (decision 0014).

A change appends what it adds and what it takes, so no two changes ever wait for one row. Only what
the counts tell apart sets them off: that an exception was seen again costs nothing here.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OPEN = "('open', 'assigned', 'waiting', 'awaiting_approval')"
COUNTED = """group_id, type, team, severity_rank, bridge_id, assignee_id, currency, is_unpaid,
            count, returns, total"""

FORWARD = f"""
CREATE FUNCTION exceptions_app_count_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status IN {OPEN} THEN
        INSERT INTO exceptions_app_casecount (
            {COUNTED}
        ) VALUES (
            OLD.group_id, OLD.type, OLD.team, OLD.severity_rank, OLD.bridge_id, OLD.assignee_id,
            OLD.currency, OLD.is_unpaid, -1, -(OLD.rma_id IS NOT NULL)::int, -OLD.value
        );
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status IN {OPEN} THEN
        INSERT INTO exceptions_app_casecount (
            {COUNTED}
        ) VALUES (
            NEW.group_id, NEW.type, NEW.team, NEW.severity_rank, NEW.bridge_id, NEW.assignee_id,
            NEW.currency, NEW.is_unpaid, 1, (NEW.rma_id IS NOT NULL)::int, NEW.value
        );
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER case_counted_new AFTER INSERT ON exceptions_app_case
    FOR EACH ROW WHEN (NEW.status IN {OPEN})
    EXECUTE FUNCTION exceptions_app_count_case();

CREATE TRIGGER case_counted_gone AFTER DELETE ON exceptions_app_case
    FOR EACH ROW WHEN (OLD.status IN {OPEN})
    EXECUTE FUNCTION exceptions_app_count_case();

CREATE TRIGGER case_counted_changed AFTER UPDATE ON exceptions_app_case
    FOR EACH ROW WHEN (
        (
            OLD.status IN {OPEN}, OLD.group_id, OLD.type, OLD.team, OLD.severity_rank,
            OLD.bridge_id, OLD.assignee_id, OLD.currency, OLD.is_unpaid, OLD.rma_id IS NULL,
            OLD.value
        ) IS DISTINCT FROM (
            NEW.status IN {OPEN}, NEW.group_id, NEW.type, NEW.team, NEW.severity_rank,
            NEW.bridge_id, NEW.assignee_id, NEW.currency, NEW.is_unpaid, NEW.rma_id IS NULL,
            NEW.value
        )
    )
    EXECUTE FUNCTION exceptions_app_count_case();

-- The counts as the exceptions themselves say, written anew. Nobody can change an exception
-- meanwhile, and the lock of the folding keeps rows from being counted before and after it.
CREATE FUNCTION exceptions_app_recount_cases() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('exceptions_app_casecount'));
    LOCK TABLE exceptions_app_case IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM exceptions_app_casecount;
    INSERT INTO exceptions_app_casecount ({COUNTED})
    SELECT group_id, type, team, severity_rank, bridge_id, assignee_id, currency, is_unpaid,
        count(*), count(rma_id), sum(value)
    FROM exceptions_app_case WHERE status IN {OPEN}
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
END $$;

-- Whether its return has another open exception of the same cause, which a count of returns
-- leaves out. Only planning opens exceptions of a return, and it holds the return's row.
CREATE FUNCTION exceptions_app_case_further() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.is_further := EXISTS (
        SELECT 1 FROM exceptions_app_case
        WHERE rma_id = NEW.rma_id AND group_id = NEW.group_id AND id <> NEW.id
        AND status IN {OPEN}
    );
    RETURN NEW;
END $$;

CREATE TRIGGER case_further_new BEFORE INSERT ON exceptions_app_case
    FOR EACH ROW WHEN (NEW.rma_id IS NOT NULL AND NEW.status IN {OPEN})
    EXECUTE FUNCTION exceptions_app_case_further();

CREATE TRIGGER case_further_changed BEFORE UPDATE ON exceptions_app_case
    FOR EACH ROW WHEN (
        NEW.status IN {OPEN} AND (OLD.status IN {OPEN}, OLD.group_id, OLD.rma_id)
        IS DISTINCT FROM (NEW.status IN {OPEN}, NEW.group_id, NEW.rma_id)
    )
    EXECUTE FUNCTION exceptions_app_case_further();

-- Folded rows stay in the table until a vacuum, and every read passes them.
ALTER TABLE exceptions_app_casecount SET (
    autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.1
);
"""

BACKWARD = """
DROP TRIGGER case_counted_new ON exceptions_app_case;
DROP TRIGGER case_counted_gone ON exceptions_app_case;
DROP TRIGGER case_counted_changed ON exceptions_app_case;
DROP TRIGGER case_further_new ON exceptions_app_case;
DROP TRIGGER case_further_changed ON exceptions_app_case;
DROP FUNCTION exceptions_app_count_case();
DROP FUNCTION exceptions_app_case_further();
DROP FUNCTION exceptions_app_recount_cases();
"""


def _unchecked(model, **options):
    return models.ForeignKey(
        model,
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0041_two_person_control"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="is_further",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.CreateModel(
            name="CaseCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("type", models.CharField(max_length=40)),
                ("team", models.CharField(max_length=20)),
                ("severity_rank", models.PositiveSmallIntegerField()),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("is_unpaid", models.BooleanField()),
                ("count", models.IntegerField()),
                ("returns", models.IntegerField()),
                ("total", models.DecimalField(decimal_places=4, max_digits=24)),
                ("assignee", _unchecked(settings.AUTH_USER_MODEL, null=True)),
                ("bridge", _unchecked("exceptions_app.bridge", null=True)),
                ("group", _unchecked("exceptions_app.causegroup")),
            ],
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
