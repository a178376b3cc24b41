"""How many exceptions wait behind another of their return, in rows that add up (decision 0014).

What is open is counted as before: whoever ran before this folds the counts by the columns it knows,
so what waits stands in a table of its own, and readers take it off.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WAITS = """{row}.status IN ('open', 'assigned', 'waiting', 'awaiting_approval')
        AND {row}.behind_id IS NOT NULL"""
KEYS = "group_id, type, team, severity_rank, bridge_id, assignee_id, currency, is_unpaid"
SUMS = "count, returns, total, units, refund_more, credit_more"
# The facts that units and the two directions of money are read from (migration 0050).
FACTS = ("units", "difference", "excess", "refund")
MORE = "exceptions_app_case_more({row}.type, {row}.facts)"


def _waits(row):
    return WAITS.format(row=row)


def _keys(row):
    return ", ".join(f"{row}.{name}" for name in KEYS.split(", "))


def _figures(row, sign):
    """What one exception adds, or takes, in the order of SUMS."""
    more = MORE.format(row=row)
    return f"""{sign}1, {sign}({row}.rma_id IS NOT NULL)::int, {sign}{row}.value,
            {sign}exceptions_app_case_units({row}.facts),
            {sign}GREATEST({more}, 0), {sign}LEAST({more}, 0)"""


def _told(row):
    facts = ", ".join(f"{row}.facts->>'{name}'" for name in FACTS)
    return f"({_waits(row)}, {_keys(row)}, {row}.rma_id IS NULL, {row}.value, {facts})"


COUNTED = f"""
    INSERT INTO exceptions_app_behindcount ({KEYS}, {SUMS})
    SELECT {KEYS}, count(*), count(rma_id), sum(value), sum(exceptions_app_case_units(facts)),
        sum(GREATEST(exceptions_app_case_more(type, facts), 0)),
        sum(LEAST(exceptions_app_case_more(type, facts), 0))
    FROM exceptions_app_case WHERE {_waits("exceptions_app_case")} GROUP BY {KEYS};
"""

FORWARD = f"""
CREATE FUNCTION exceptions_app_count_behind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND {_waits("OLD")} THEN
        INSERT INTO exceptions_app_behindcount ({KEYS}, {SUMS})
        VALUES ({_keys("OLD")}, {_figures("OLD", "-")});
    END IF;
    IF TG_OP <> 'DELETE' AND {_waits("NEW")} THEN
        INSERT INTO exceptions_app_behindcount ({KEYS}, {SUMS})
        VALUES ({_keys("NEW")}, {_figures("NEW", "+")});
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER case_behind_new AFTER INSERT ON exceptions_app_case
    FOR EACH ROW WHEN ({_waits("NEW")})
    EXECUTE FUNCTION exceptions_app_count_behind();

CREATE TRIGGER case_behind_gone AFTER DELETE ON exceptions_app_case
    FOR EACH ROW WHEN ({_waits("OLD")})
    EXECUTE FUNCTION exceptions_app_count_behind();

-- Few wait: of the others no more is asked than that.
CREATE TRIGGER case_behind_changed AFTER UPDATE ON exceptions_app_case
    FOR EACH ROW WHEN (
        (OLD.behind_id IS NOT NULL OR NEW.behind_id IS NOT NULL)
        AND {_told("OLD")} IS DISTINCT FROM {_told("NEW")}
    )
    EXECUTE FUNCTION exceptions_app_count_behind();

CREATE FUNCTION exceptions_app_recount_behind() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('exceptions_app_behindcount'));
    LOCK TABLE exceptions_app_case IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM exceptions_app_behindcount;
    {COUNTED}
END $$;

ALTER TABLE exceptions_app_behindcount SET (
    autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.1
);

-- Those that wait already, found by an index of their own; the triggers just made keep writers out
-- until this is over, so it must not read all that is open.
{COUNTED}
"""

BACKWARD = """
DROP TRIGGER case_behind_new ON exceptions_app_case;
DROP TRIGGER case_behind_gone ON exceptions_app_case;
DROP TRIGGER case_behind_changed ON exceptions_app_case;
DROP FUNCTION exceptions_app_count_behind();
DROP FUNCTION exceptions_app_recount_behind();
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


def _money(**options):
    return models.DecimalField(decimal_places=4, max_digits=24, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions_app", "0071_default_views"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BehindCount",
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
                ("total", _money()),
                ("units", models.IntegerField(db_default=0)),
                ("refund_more", _money(db_default=0)),
                ("credit_more", _money(db_default=0)),
                ("assignee", _unchecked(settings.AUTH_USER_MODEL, null=True)),
                ("bridge", _unchecked("exceptions_app.bridge", null=True)),
                ("group", _unchecked("exceptions_app.causegroup")),
            ],
            options={"abstract": False},
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
