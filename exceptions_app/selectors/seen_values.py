"""The values that the latest returns say, and which of them a mapping of the bridge knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection as database

from exceptions_app.models import Bridge
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import facts as facts_selector

RECENT_RETURNS = 2_000

# Values are compared as `normalise` writes them. The database folds plain letters as Python does;
# `folded` holds every other text with its key, so that "GROSS" and "groß" are one here too.
_RECENT = r"""
    WITH recent AS MATERIALIZED (
      SELECT r.* FROM exceptions_app_bridge b CROSS JOIN LATERAL (
        SELECT id, bridge_id, status_raw, sales_order_id FROM exceptions_app_rma
        WHERE bridge_id = b.id ORDER BY id DESC LIMIT %(recent)s) r
      WHERE b.id = ANY(%(bridges)s)
    ), lines AS MATERIALIZED (
      SELECT r.bridge_id, l.rma_id, l.sku, l.disposition, l.reason, l.location, l.fees
      FROM recent r JOIN exceptions_app_rmaline l ON l.rma_id = r.id
    ), raw(bridge_id, rma_id, kind, value) AS (
      SELECT bridge_id, rma_id, 'sku_alias', sku FROM lines
      UNION ALL SELECT bridge_id, rma_id, 'disposition', disposition FROM lines
      UNION ALL SELECT bridge_id, rma_id, 'reason', reason FROM lines
      UNION ALL SELECT bridge_id, rma_id, 'location', location FROM lines
      UNION ALL SELECT bridge_id, rma_id, 'fee', fee->>'kind'
        FROM lines CROSS JOIN LATERAL jsonb_array_elements(fees) fee
      -- How refunds were paid, by their processor where nobody told: where they are recorded.
      UNION ALL SELECT r.bridge_id, r.id, 'fee', 'tender:' || told.kind
        FROM recent r JOIN exceptions_app_refund f ON f.rma_id = r.id AND f.status = 'confirmed'
        CROSS JOIN LATERAL (
          SELECT coalesce(sum((t->>'amount')::numeric), 0) = f.amount AS is_whole
          FROM jsonb_array_elements(f.tenders) t) tenders
        CROSS JOIN LATERAL (
          SELECT t->>'kind' AS kind FROM jsonb_array_elements(f.tenders) t
            WHERE tenders.is_whole AND (t->>'amount')::numeric > 0
          UNION SELECT coalesce(nullif(btrim(f.processor), ''), 'other')
            WHERE NOT tenders.is_whole) told
        WHERE r.bridge_id = ANY(%(recording)s) AND f.amount > 0 AND told.kind <> 'account'
      -- Where the ERP's own staff put goods, where that decides their bucket.
      UNION ALL SELECT r.bridge_id, r.id, 'disposition', 'place:' || (row->>'place')
        FROM recent r JOIN exceptions_app_erpreceipt e ON e.rma_id = r.id AND e.key = ''
        CROSS JOIN LATERAL jsonb_array_elements(e.lines) row
        WHERE r.bridge_id = ANY(%(checking_in)s) AND coalesce(row->>'place', '') <> ''
      UNION ALL SELECT bridge_id, rma_id, 'location', 'reason:' || btrim(reason)
        FROM lines WHERE bridge_id = ANY(%(by_reason)s) AND btrim(reason) <> ''
      UNION ALL SELECT bridge_id, id, 'status', status_raw FROM recent
      UNION ALL SELECT r.bridge_id, r.id, 'vat', o.vat_setting
        FROM recent r JOIN exceptions_app_salesorder o ON o.id = r.sales_order_id
    )
"""
_SEEN = (
    _RECENT
    + r"""
    , folded AS (
      SELECT * FROM unnest(%(texts)s::text[], %(keys)s::text[]) AS f(text, key)
    ), seen AS (
      SELECT bridge_id, kind,
        coalesce(f.key, lower(btrim(regexp_replace(value, ' +', ' ', 'g')))) AS key,
        min(value) AS value, count(DISTINCT rma_id) AS returns
      FROM raw LEFT JOIN folded f ON f.text = raw.value
      WHERE coalesce(f.key, btrim(value)) <> ''
        AND (%(kind)s = '' OR kind = %(kind)s) GROUP BY 1, 2, 3
    ), judged AS (
      SELECT s.*, (
        EXISTS (SELECT 1 FROM exceptions_app_mapping m WHERE m.bridge_id = s.bridge_id
          AND m.kind = s.kind AND m.source_key = s.key AND m.status = 'active')
        OR (s.kind = 'sku_alias' AND (
          EXISTS (SELECT 1 FROM exceptions_app_item i WHERE i.connection_id = b.erp_id
            AND i.sku_key = s.key)
          OR EXISTS (SELECT 1 FROM exceptions_app_item i WHERE i.connection_id = b.erp_id
            AND i.barcode = s.value AND i.barcode <> '')
          OR EXISTS (SELECT 1 FROM exceptions_app_mapping f WHERE f.bridge_id = s.bridge_id
            AND f.kind = 'fee' AND f.source_key = s.key AND f.status = 'active')))
        OR (s.kind = 'disposition'
          AND split_part(s.key, '/', 1) IN ('not_returned', 'rejected'))) AS is_known
      FROM seen s JOIN exceptions_app_bridge b ON b.id = s.bridge_id
    ), wanted AS (
      -- A reason decides the depot only where it is mapped: else the location does.
      SELECT * FROM judged
      WHERE is_known OR NOT (kind = 'location' AND starts_with(key, 'reason:'))
    )
    """
)
# Anything beyond printable ASCII.
_TO_FOLD = "(SELECT array_agg(DISTINCT value) FROM raw WHERE value ~ '[^ -~]') AS to_fold"


def counts(bridges: Sequence[Bridge]) -> dict[tuple[int, str], tuple[int, int]]:
    """Distinct values seen and how many of them are known, by bridge and kind; as `_asked`."""
    query = _SEEN + (
        f"SELECT bridge_id, kind, count(*), count(*) FILTER (WHERE is_known), {_TO_FOLD}"
        " FROM wanted GROUP BY 1, 2"
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in _asked(query, bridges)}


def unmapped(bridge: Bridge, kind: str, *, most: int) -> list[tuple[str, int]]:
    """Unmapped values of the latest returns with the number of returns, most frequent first."""
    query = _SEEN + (
        f"SELECT value, returns, {_TO_FOLD} FROM wanted WHERE NOT is_known"
        " ORDER BY returns DESC, key LIMIT %(most)s"
    )
    return [(str(row[0]), int(row[1])) for row in _asked(query, [bridge], kind, most)]


def _asked(
    query: str, bridges: Sequence[Bridge], kind: str = "", most: int = 0
) -> list[tuple[Any, ...]]:
    """The answer, whose last column are the texts to fold; asked again where there are some."""
    policies = {bridge.pk: facts_selector.policy_of(bridge) for bridge in bridges}
    values: dict[str, Any] = {
        "recent": RECENT_RETURNS,
        "bridges": list(policies),
        "recording": [pk for pk, policy in policies.items() if policy.record_refund],
        "checking_in": [pk for pk, row in policies.items() if row.stock_trigger == "erp_receipt"],
        "by_reason": [pk for pk, policy in policies.items() if policy.depot_by == "reason"],
        "kind": kind,
        "most": most,
        "texts": [],
        "keys": [],
    }
    with database.cursor() as cursor:
        cursor.execute(query, values)
        rows = list(cursor.fetchall())
        texts = [str(text) for text in rows[0][-1] or ()] if rows else []
        if texts:
            values |= {"texts": texts, "keys": [normalise(text) for text in texts]}
            cursor.execute(query, values)
            rows = list(cursor.fetchall())
    return rows
