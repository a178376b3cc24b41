"""Which steps of the playbooks people take, and how often an exception closed through one.

A step counts as taken when the change it names was asked for about an exception of the type, on
its page, in a list or by a program; a look at another page leaves nothing behind and counts not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database

from exceptions_app.catalogue import CATALOGUE
from exceptions_app.choices import CaseStatus, Closure, FixKind, FixStatus

# How long before an exception closed the change that closed it may have been asked for.
EARLIER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class StepUse:
    """How often one step's change was asked for, by how many people, and how many it closed."""

    kind: str
    label: str
    asked: int
    people: int
    closed: int


@dataclass(frozen=True, slots=True)
class PlaybookUse:
    """One type in the days looked at; `closed` are `by_steps`, `by_proof` (nobody changed anything
    here) and `otherwise`, together."""

    code: str
    closed: int
    by_steps: int
    by_proof: int
    otherwise: int
    steps: tuple[StepUse, ...]

    @property
    def is_used(self) -> bool:
        return any(step.asked for step in self.steps)


def of_days(*, days: int, now: datetime) -> tuple[PlaybookUse, ...]:
    """Every type that closed or whose step was taken in these days, most closed first.

    Two queries, each of these days only.
    """
    asked = {(code, kind): (count, people) for code, kind, count, people in _asked(days, now)}
    closed: dict[str, list[tuple[str, str, int]]] = {}
    for code, closure, kind, count in _closed(days, now):
        closed.setdefault(code, []).append((closure, kind, count))
    codes = CATALOGUE.keys() & ({code for code, _ in asked} | closed.keys())
    found = [_use(code, closed.get(code, []), asked) for code in codes]
    return tuple(sorted(found, key=lambda use: (-use.closed, use.code)))


def steps_of(code: str) -> tuple[str, ...]:
    """The changes that the playbook of a type names, in its order; empty where it names none."""
    return tuple(dict.fromkeys(step.action for step in CATALOGUE[code].playbook if step.action))


def _use(
    code: str,
    closed: list[tuple[str, str, int]],
    asked: Mapping[tuple[str, str], tuple[int, int]],
) -> PlaybookUse:
    kinds = steps_of(code)
    steps = tuple(
        StepUse(
            kind,
            FixKind(kind).label,
            *asked.get((code, kind), (0, 0)),
            closed=sum(count for _, by, count in closed if by == kind),
        )
        for kind in kinds
    )
    total, by_steps = sum(count for *_, count in closed), sum(step.closed for step in steps)
    by_proof = sum(count for way, by, count in closed if not by and way == Closure.PROOF)
    return PlaybookUse(code, total, by_steps, by_proof, total - by_steps - by_proof, steps)


def _asked(days: int, now: datetime) -> list[Any]:
    """Type, change, how often it was asked for, and by how many people."""
    return _rows(_ASKED, days, now)


def _closed(days: int, now: datetime) -> list[Any]:
    """Type, closure, the last change in force before it closed ("" for none), and how many."""
    return _rows(_CLOSED, days, now)


def _rows(sql: str, days: int, now: datetime) -> list[Any]:
    since = now - timedelta(days=days)
    pairs = [(code, str(kind)) for code, entry in CATALOGUE.items() for kind in entry.actions]
    given: dict[str, Any] = {
        "since": since,
        "now": now,
        "earliest": since - EARLIER,
        "types": [code for code, _ in pairs],
        "kinds": [kind for _, kind in pairs],
        "in_force": [str(FixStatus.HELD), str(FixStatus.APPLIED)],
        "resolved": str(CaseStatus.RESOLVED),
        "by_hand": str(Closure.BY_HAND),
        "close": str(FixKind.CLOSE),
    }
    with database.cursor() as cursor:
        cursor.execute(sql, given)
        return list(cursor.fetchall())


# Closing by hand is the one change without a request: who did it stands in the trail of the case.
_ASKED = """
    SELECT c.type, f.kind, count(*), count(DISTINCT f.requested_by_id)
    FROM exceptions_app_fix f JOIN exceptions_app_case c ON c.id = f.case_id
    WHERE f.requested_at >= %(since)s AND f.requested_at <= %(now)s
    GROUP BY 1, 2
    UNION ALL
    SELECT c.type, %(close)s, count(DISTINCT c.id), count(DISTINCT a.actor_user_id)
    FROM exceptions_app_case c
    LEFT JOIN exceptions_app_auditentry a ON a.case_id = c.id AND a.act = 'case.close'
    WHERE c.resolved_at >= %(since)s AND c.resolved_at <= %(now)s AND c.closure = %(by_hand)s
    GROUP BY 1
"""

# What closed a case is the last change of its type in force that concerns its return, its cause or
# its mapped value, and was decided while it was open: as `selectors.fixes.settled_by` finds it.
_CLOSED = """
    WITH closed AS MATERIALIZED (
        SELECT id, type, closure, rma_id, bridge_id, opened_at, resolved_at,
            COALESCE(own_group_id, group_id) AS cause_id
        FROM exceptions_app_case
        WHERE resolved_at >= %(since)s AND resolved_at <= %(now)s AND status = %(resolved)s
    ), offered AS (
        SELECT * FROM unnest(%(types)s::text[], %(kinds)s::text[]) AS pair (type, kind)
    ), changed AS MATERIALIZED (
        SELECT f.id, f.kind, f.case_id, f.decided_at, m.source_key, f.bridge_id,
            CASE WHEN f.mapping_id IS NULL THEN f.rma_id END AS rma_id,
            CASE WHEN f.mapping_id IS NOT NULL THEN COALESCE(c.own_group_id, c.group_id) END
                AS cause_id
        FROM exceptions_app_fix f
        LEFT JOIN exceptions_app_case c ON c.id = f.case_id
        LEFT JOIN exceptions_app_mapping m ON m.id = f.mapping_id
        WHERE f.requested_at >= %(earliest)s AND f.decided_at IS NOT NULL
            AND f.status = ANY(%(in_force)s)
    ), hits AS (
        SELECT closed.id, changed.kind, changed.decided_at, changed.id AS fix_id
        FROM closed JOIN changed ON changed.case_id = closed.id
            AND changed.decided_at BETWEEN closed.opened_at AND closed.resolved_at
        JOIN offered ON offered.type = closed.type AND offered.kind = changed.kind
        UNION ALL
        SELECT closed.id, changed.kind, changed.decided_at, changed.id
        FROM closed JOIN changed ON changed.rma_id = closed.rma_id
            AND changed.decided_at BETWEEN closed.opened_at AND closed.resolved_at
        JOIN offered ON offered.type = closed.type AND offered.kind = changed.kind
        UNION ALL
        SELECT closed.id, changed.kind, changed.decided_at, changed.id
        FROM closed JOIN changed ON changed.cause_id = closed.cause_id
            AND changed.decided_at BETWEEN closed.opened_at AND closed.resolved_at
        JOIN offered ON offered.type = closed.type AND offered.kind = changed.kind
        UNION ALL
        SELECT closed.id, changed.kind, changed.decided_at, changed.id
        FROM closed JOIN exceptions_app_causegroup g ON g.id = closed.cause_id
        JOIN changed ON changed.source_key = g.cause AND changed.bridge_id = closed.bridge_id
            AND changed.decided_at BETWEEN closed.opened_at AND closed.resolved_at
        JOIN offered ON offered.type = closed.type AND offered.kind = changed.kind
    ), settled AS (
        SELECT DISTINCT ON (id) id, kind FROM hits ORDER BY id, decided_at DESC, fix_id DESC
    )
    SELECT closed.type, closed.closure,
        CASE WHEN closed.closure = %(by_hand)s THEN %(close)s ELSE COALESCE(settled.kind, '') END,
        count(*)
    FROM closed LEFT JOIN settled ON settled.id = closed.id
    GROUP BY 1, 2, 3
"""
