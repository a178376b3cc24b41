"""Acts on many as their pages show them: what they are about, and what became of each row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db.models import Count, DecimalField, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from exceptions_app.choices import BulkRowState
from exceptions_app.models import Bulk, BulkRow, Case
from exceptions_app.rules import closing
from exceptions_app.selectors.paging import Page, page
from exceptions_app.selectors.sums import Amount, per_currency

LATEST = 30
LEFT = (BulkRowState.REFUSED, BulkRowState.CHANGED)


def one(bulk_id: int) -> QuerySet[Bulk]:
    return Bulk.objects.filter(pk=bulk_id).select_related("asked_by", "undo_of", "undone_by")


def latest() -> list[Bulk]:
    """The latest acts that were started, of everybody; what a form plans by itself is none."""
    rows = Bulk.objects.filter(started_at__isnull=False).exclude(given__has_key="whole")
    # A file that is tried is kept whole with its act, and no list shows it.
    rows = rows.select_related("asked_by").defer("given")
    return list(rows[:LATEST])


def tally(bulk: Bulk) -> dict[str, int]:
    """How many rows stand how, each state named."""
    found = bulk.rows.order_by().values("state").annotate(number=Count("pk"))
    counted = {row["state"]: row["number"] for row in found}
    return {state: counted.get(state, 0) for state in BulkRowState.values}


def sums(bulk: Bulk) -> tuple[Amount, ...]:
    return tuple(Amount(Decimal(amount), currency) for currency, amount in bulk.sums)


def rows(bulk: Bulk, *, state: str = "") -> QuerySet[BulkRow]:
    shown = ("case__assignee", "case__rma", "posting", "rma", "fix__rma", "event")
    # A message may be long, and no row shows what stands in it.
    found = bulk.rows.select_related(*shown).defer("event__body", "event__headers")
    return found.filter(state=state) if state else found


def rows_page(bulk: Bulk, *, state: str, cursor: str, size: int) -> Page:
    return page(rows(bulk, state=state), order=("position",), cursor=cursor, size=size)


def left(bulk: Bulk) -> QuerySet[Case]:
    """The exceptions that were refused or had changed, to act on again."""
    return _cases(bulk.rows.filter(state__in=LEFT))


def done(bulk: Bulk) -> QuerySet[Case]:
    """The exceptions that it was done to: still selected, for a further act on the same ones."""
    return _cases(bulk.rows.filter(state=BulkRowState.DONE))


def _cases(rows: QuerySet[BulkRow]) -> QuerySet[Case]:
    return Case.objects.filter(pk__in=rows.order_by().values("case"))


def teams(bulk: Bulk) -> list[str]:
    found = bulk.rows.order_by().values_list("case__team", flat=True).distinct()
    return sorted(team for team in found if team)


def gravest(bulk: Bulk) -> str:
    """The highest severity among its exceptions; "" where it has none."""
    found = bulk.rows.order_by().values_list("case__severity", flat=True).distinct()
    return closing.gravest(code for code in found if code)


def types(bulk: Bulk) -> dict[str, int]:
    """How many rows are of each type of exception."""
    found = bulk.rows.order_by().values("case__type").annotate(number=Count("pk"))
    return {row["case__type"]: row["number"] for row in found if row["case__type"]}


def verdicts(bulk: Bulk) -> list[dict[str, Any]]:
    """What a change tried on history would decide: {"verdict", "number", "sums"}, so far."""
    told = bulk.rows.exclude(before={}).order_by()
    rows = told.values("before__verdict", "before__currency").annotate(
        number=Count("pk"),
        total=Sum(
            Cast(
                KeyTextTransform("amount", "before"), DecimalField(max_digits=20, decimal_places=4)
            )
        ),
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["before__verdict"], []).append(dict(row))
    return [
        {
            "verdict": verdict,
            "number": sum(each["number"] for each in some),
            "sums": per_currency((each["before__currency"], each["total"]) for each in some),
        }
        for verdict, some in sorted(found.items())
    ]


_TYPES_TRIED = """
SELECT type, SUM(opened)::int, SUM(closed)::int FROM (
    SELECT jsonb_array_elements_text(before->'opened') AS type, 1 AS opened, 0 AS closed
    FROM exceptions_app_bulkrow WHERE bulk_id = %(bulk)s
    UNION ALL
    SELECT jsonb_array_elements_text(before->'closed'), 0, 1
    FROM exceptions_app_bulkrow WHERE bulk_id = %(bulk)s
) told GROUP BY type ORDER BY type
"""


def types_tried(bulk: Bulk) -> list[tuple[str, int, int]]:
    """By type, how many exceptions a change tried on history would open and close, so far."""
    with database.cursor() as cursor:
        cursor.execute(_TYPES_TRIED, {"bulk": bulk.pk})
        return [(code, opened, closed) for code, opened, closed in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Credited:
    """How many returns of a currency would be credited otherwise, and by how much in all."""

    is_more: bool
    number: int
    amount: Decimal
    currency: str


def credits_tried(bulk: Bulk) -> list[Credited]:
    """What a change tried on history would credit more, and what less, so far."""
    credit = Cast(
        KeyTextTransform("credit", "before"), DecimalField(max_digits=20, decimal_places=4)
    )
    told = bulk.rows.filter(before__has_key="credit").order_by().annotate(credit=credit)
    found = []
    for is_more, some in (
        (True, told.filter(credit__gt=0)),
        (False, told.filter(credit__lt=0)),
    ):
        rows = some.values("before__currency").annotate(number=Count("pk"), total=Sum("credit"))
        found += [
            Credited(is_more, row["number"], abs(row["total"]), row["before__currency"])
            for row in rows.order_by("before__currency")
        ]
    return found


def late_of_others(bulk: Bulk, *, own_teams: Collection[str], now: datetime) -> int:
    """How many rows are late, and the work of other teams than these."""
    late = bulk.rows.filter(~Q(case__team__in=list(own_teams)), case__due_at__lt=now)
    return late.count()
