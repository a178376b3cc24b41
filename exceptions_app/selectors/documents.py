"""Documents that have not landed, in sums: read once for all panels that tell of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection as database

from exceptions_app.choices import POSTING_OPEN


@dataclass(frozen=True, slots=True)
class OpenDocuments:
    """Documents of one bridge, kind, state and currency.

    `is_in_trouble` when they have an exception of their own; `oldest` is when the first was
    planned, `until` when the first hold ends.
    """

    bridge_id: int
    bridge: str
    kind: str
    status: str
    hold_reason: str
    currency: str
    is_in_trouble: bool
    count: int
    total: Decimal
    oldest: datetime
    until: datetime | None


def in_sums(*, kinds: Collection[str] = (), bridge: str = "") -> tuple[OpenDocuments, ...]:
    """Everything planned and not confirmed, grouped: one query of the counts kept (decision 0014).

    Of each group the oldest and the end of the first hold are looked up.
    """
    asked = {
        "kind = ANY(%(kinds)s)": bool(kinds),
        "bridge_id = (SELECT id FROM exceptions_app_bridge WHERE code = %(bridge)s)": bool(bridge),
    }
    narrowed = " AND ".join(sql for sql, is_asked in asked.items() if is_asked) or "true"
    with database.cursor() as cursor:
        cursor.execute(_SUMS.format(narrowed), {"kinds": list(kinds), "bridge": bridge})
        return tuple(OpenDocuments(*row) for row in cursor.fetchall())


_FIRST = f"""
    SELECT {{0}} FROM exceptions_app_posting
    WHERE (bridge_id, kind, status, hold_reason, currency)
        = (net.bridge_id, net.kind, net.status, net.hold_reason, net.currency)
    AND status IN ({", ".join(f"'{status.value}'" for status in POSTING_OPEN)})
    AND (open_type <> '') = net.is_in_trouble AND {{0}} IS NOT NULL
    ORDER BY {{0}} LIMIT 1"""
_SUMS = f"""
    WITH net AS (
        SELECT bridge_id, kind, status, hold_reason, currency, is_in_trouble,
            SUM(count) AS count, SUM(total) AS total
        FROM exceptions_app_postingcount WHERE {{0}}
        GROUP BY 1, 2, 3, 4, 5, 6 HAVING SUM(count) > 0
    )
    SELECT net.bridge_id, bridge.name, net.kind, net.status, net.hold_reason, net.currency,
        net.is_in_trouble, net.count, net.total, oldest.created_at, held.hold_until
    FROM net JOIN exceptions_app_bridge AS bridge ON bridge.id = net.bridge_id
    CROSS JOIN LATERAL ({_FIRST.format("created_at")}) AS oldest
    LEFT JOIN LATERAL ({_FIRST.format("hold_until")}) AS held ON true
    ORDER BY 1, 3, 4, 5, 6, 7"""
