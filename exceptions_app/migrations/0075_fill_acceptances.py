"""Differences accepted before acceptances had an owner: owned by who asked, exactly their amount.

What a later decision about the same return's money replaced says so; whether the others still hold
is for the next plan of their return.
"""

from django.db import migrations

FORWARD = """
INSERT INTO exceptions_app_acceptance
    (fix_id, rma_id, bridge_id, owner_id, asked_by_id, currency, difference, since, until, state,
     ended_at, ended_text)
SELECT fix.id, fix.rma_id, fix.bridge_id, fix.requested_by_id, fix.requested_by_id,
    COALESCE(NULLIF(rma.currency, ''), bridge.currency),
    (fix.payload ->> 'difference')::numeric(18, 4),
    COALESCE(fix.decided_at, fix.requested_at),
    NULLIF(fix.payload ->> 'until', '')::date,
    CASE WHEN later.at IS NULL THEN 'holds' ELSE 'replaced' END,
    later.at,
    CASE WHEN later.at IS NULL THEN '' ELSE 'Decided anew' END
FROM exceptions_app_fix AS fix
JOIN exceptions_app_rma AS rma ON rma.id = fix.rma_id
JOIN exceptions_app_bridge AS bridge ON bridge.id = fix.bridge_id
LEFT JOIN LATERAL (
    SELECT MIN(COALESCE(other.decided_at, other.requested_at)) AS at
    FROM exceptions_app_fix AS other
    WHERE other.rma_id = fix.rma_id AND other.id > fix.id
        AND other.kind IN ('accept_difference', 'correct_credit')
        AND other.status IN ('held', 'applied')
) AS later ON TRUE
WHERE fix.kind = 'accept_difference' AND fix.status IN ('held', 'applied')
    AND fix.payload ->> 'difference' ~ '^-?[0-9]{1,13}(\\.[0-9]+)?$'
ON CONFLICT (fix_id) DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0074_acceptances")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
