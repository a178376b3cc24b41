"""The counts of what is open: folded while the house runs, and written anew (decision 0014)."""

from __future__ import annotations

from django.db import connection as database
from django.db import transaction

# The name of each table's lock, and by what its rows are told apart.
_OF_CASES = (
    "group_id, type, team, severity_rank, bridge_id, assignee_id, currency, is_unpaid",
    ("count", "returns", "total", "units", "refund_more", "credit_more"),
)
_KEYS = {
    "exceptions_app_casecount": _OF_CASES,
    "exceptions_app_behindcount": _OF_CASES,
    "exceptions_app_postingcount": (
        "bridge_id, kind, status, hold_reason, currency, is_in_trouble",
        ("count", "units", "total"),
    ),
}
_RECOUNTS = (
    "exceptions_app_recount_cases",
    "exceptions_app_recount_behind",
    "exceptions_app_recount_postings",
)


def fold() -> int:
    """Put rows of the same key into one, or none where nothing is left; returns rows put together.

    One statement for each table: a reader sees the rows before it or the one after it, and who is
    cut off in the middle leaves them as they were. It waits for nobody: what others have not
    committed is not among the rows, and of two that fold one goes home.
    """
    return sum(_fold(table) for table in _KEYS)


@transaction.atomic
def _fold(table: str) -> int:
    keys, sums = _KEYS[table]
    added = ", ".join(f"SUM({name}) AS {name}" for name in sums)
    names = f"{keys}, {', '.join(sums)}"
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [table])
        (is_ours,) = cursor.fetchone()
        if not is_ours:
            return 0
        cursor.execute(f"""
            WITH alike AS (
                SELECT id, count(*) OVER (PARTITION BY {keys}) AS rows FROM {table}
            ), gone AS (
                DELETE FROM {table} WHERE id IN (SELECT id FROM alike WHERE rows > 1)
                RETURNING {names}
            ), folded AS (
                INSERT INTO {table} ({names})
                SELECT {keys}, {added} FROM gone GROUP BY {keys} HAVING SUM(count) <> 0
            )
            SELECT count(*) FROM gone""")
        (count,) = cursor.fetchone()
    return int(count)


@transaction.atomic
def recount() -> None:
    """Write the counts anew from what is open; nobody can change that meanwhile.

    For after rows came into the tables past their triggers, as a copy into another database does.
    """
    with database.cursor() as cursor:
        for function in _RECOUNTS:
            cursor.execute(f"SELECT {function}()")
