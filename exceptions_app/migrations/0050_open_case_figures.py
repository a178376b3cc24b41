"""What the rooms add up of open exceptions: units on no receipt, and refund against credit.

Both stand in the exceptions' facts, which no index holds (decision 0014).
"""

from django.db import migrations, models

OPEN = "('open', 'assigned', 'waiting', 'awaiting_approval')"
KEYS = "group_id, type, team, severity_rank, bridge_id, assignee_id, currency, is_unpaid"
BEFORE = "count, returns, total"
AFTER = f"{BEFORE}, units, refund_more, credit_more"
# Which fact says by how much the refund is more than the credit; a minus says the credit is.
SIGNED = {
    "REFUND_CM_MISMATCH": "difference",
    "REFUND_OVER_LINE": "excess",
    "REFUND_NO_CM": "refund",
}
CHOSEN = " ".join(f"WHEN '{kind}' THEN facts->>'{name}'" for kind, name in SIGNED.items())


def _added(row, sign, figures):
    """The values that one exception adds, or takes."""
    more = f"exceptions_app_case_more({row}.type, {row}.facts)"
    values = {
        "count": f"{sign}1",
        "returns": f"{sign}({row}.rma_id IS NOT NULL)::int",
        "total": f"{sign}{row}.value",
        "units": f"{sign}exceptions_app_case_units({row}.facts)",
        "refund_more": f"{sign}GREATEST({more}, 0)",
        "credit_more": f"{sign}LEAST({more}, 0)",
    }
    keys = ", ".join(f"{row}.{name}" for name in KEYS.split(", "))
    return ", ".join([keys, *(values[name] for name in figures.split(", "))])


def _told(row, figures):
    """All that the counts tell apart."""
    names = ("units", *SIGNED.values()) if "units" in figures else ()
    keys = [f"{row}.{name}" for name in KEYS.split(", ")]
    facts = [f"{row}.facts->>'{name}'" for name in names]
    told = [f"{row}.status IN {OPEN}", *keys, f"{row}.rma_id IS NULL", f"{row}.value", *facts]
    return f"({', '.join(told)})"


def _counting(figures):
    summed = {
        "count": "count(*)",
        "returns": "count(rma_id)",
        "total": "sum(value)",
        "units": "sum(exceptions_app_case_units(facts))",
        "refund_more": "sum(GREATEST(exceptions_app_case_more(type, facts), 0))",
        "credit_more": "sum(LEAST(exceptions_app_case_more(type, facts), 0))",
    }
    sums = ", ".join(summed[name] for name in figures.split(", "))
    return f"""
CREATE OR REPLACE FUNCTION exceptions_app_count_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status IN {OPEN} THEN
        INSERT INTO exceptions_app_casecount ({KEYS}, {figures})
        VALUES ({_added("OLD", "-", figures)});
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status IN {OPEN} THEN
        INSERT INTO exceptions_app_casecount ({KEYS}, {figures})
        VALUES ({_added("NEW", "+", figures)});
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER case_counted_changed ON exceptions_app_case;
CREATE TRIGGER case_counted_changed AFTER UPDATE ON exceptions_app_case
    FOR EACH ROW WHEN ({_told("OLD", figures)} IS DISTINCT FROM {_told("NEW", figures)})
    EXECUTE FUNCTION exceptions_app_count_case();

CREATE OR REPLACE FUNCTION exceptions_app_recount_cases() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('exceptions_app_casecount'));
    LOCK TABLE exceptions_app_case IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM exceptions_app_casecount;
    INSERT INTO exceptions_app_casecount ({KEYS}, {figures})
    SELECT {KEYS}, {sums} FROM exceptions_app_case WHERE status IN {OPEN} GROUP BY {KEYS};
END $$;
"""


FORWARD = f"""
CREATE FUNCTION exceptions_app_case_units(facts jsonb) RETURNS int LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN facts->>'units' ~ '^[0-9]{{1,6}}$' THEN (facts->>'units')::int ELSE 0 END;

CREATE FUNCTION exceptions_app_case_more(type text, facts jsonb) RETURNS numeric
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN (CASE type {CHOSEN} END) ~ '^-?[0-9]{{1,13}}([.][0-9]+)?$'
        THEN (CASE type {CHOSEN} END)::numeric(18, 4) ELSE 0 END;
{_counting(AFTER)}
SELECT exceptions_app_recount_cases();
"""

BACKWARD = f"""
{_counting(BEFORE)}
DROP FUNCTION exceptions_app_case_units(jsonb);
DROP FUNCTION exceptions_app_case_more(text, jsonb);
"""


def _money():
    return models.DecimalField(db_default=0, decimal_places=4, max_digits=24)


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0049_edit_document")]

    operations = [
        migrations.AddField("casecount", "units", models.IntegerField(db_default=0)),
        migrations.AddField("casecount", "refund_more", _money()),
        migrations.AddField("casecount", "credit_more", _money()),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
