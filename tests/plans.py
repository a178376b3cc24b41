"""What the database does for a query: which indexes it reads, and how many rows it looks at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection as database
from django.db.models import QuerySet


def forget_statistics() -> None:
    """Let the planner know nothing of sizes, so that a plan tells what an index can serve.

    Whatever ran before leaves no trace, and a walk over a whole table looks dear.
    """
    ours = "relname LIKE 'exceptions_app_%' AND relkind IN ('r', 'i')"
    with database.cursor() as cursor:
        cursor.execute(f"UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE {ours}")
        cursor.execute(
            f"DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE {ours})"
        )
        cursor.execute("SET LOCAL enable_seqscan = off")


def analyse() -> None:
    """Let the planner see the tables as this test made them, without what others left behind.

    Rows that were rolled back stay in the indexes until a vacuum, and make one look costly that is
    not.
    """
    models = apps.get_app_config("exceptions_app").get_models()
    held = [model._meta.db_table for model in models if model._default_manager.exists()]
    with database.cursor() as cursor:
        for table in held:
            cursor.execute(f'REINDEX TABLE "{table}"')
        cursor.execute("ANALYZE")


def plan(sql: str) -> dict[str, Any]:
    """The plan of `sql` after running it, as PostgreSQL tells it."""
    with database.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql.replace("%", "%%"))
        (found,) = cursor.fetchone()
    whole: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return whole


def nodes(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield whole
    for inner in whole.get("Plans", ()):
        yield from nodes(inner)


def touched(node: dict[str, Any]) -> int:
    """Rows the node looked at, those it threw away included."""
    once = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return int(once * node["Actual Loops"])


def rows_read(queries: Iterable[str]) -> int:
    """Rows and index entries all scans of the queries looked at."""
    return sum(
        touched(node) for sql in queries for node in nodes(plan(sql)) if "Scan" in node["Node Type"]
    )


def indexes_of(rows: QuerySet[Any]) -> set[str]:
    """The indexes a query reads, with nothing known of the tables' sizes."""
    forget_statistics()
    found: list[dict[str, Any]] = json.loads(rows.explain(format="JSON"))
    read = list(nodes(found[0]["Plan"]))
    assert not [node for node in read if node["Node Type"] == "Seq Scan"], read
    return {node["Index Name"] for node in read if "Index Name" in node}
