"""Acts on many as their pages show them: what they are about, and what became of each row."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from exceptions_app.choices import BulkRowState
from exceptions_app.models import Bulk, BulkRow, Case
from exceptions_app.selectors.paging import Page, page
from exceptions_app.selectors.sums import Amount, per_currency

LATEST = 30
LEFT = (BulkRowState.REFUSED, BulkRowState.CHANGED)


def one(bulk_id: int) -> QuerySet[Bulk]:
    return Bulk.objects.filter(pk=bulk_id).select_related("asked_by", "undo_of", "undone_by")


def latest() -> list[Bulk]:
    """The latest acts that were started, of everybody."""
    rows = Bulk.objects.filter(started_at__isnull=False).select_related("asked_by")
    return list(rows[:LATEST])


def tally(bulk: Bulk) -> dict[str, int]:
    """How many rows stand how, each state named."""
    found = bulk.rows.order_by().values("state").annotate(number=Count("pk"))
    counted = {row["state"]: row["number"] for row in found}
    return {state: counted.get(state, 0) for state in BulkRowState.values}


def sums(bulk: Bulk) -> tuple[Amount, ...]:
    return tuple(Amount(Decimal(amount), currency) for currency, amount in bulk.sums)


def rows(bulk: Bulk, *, state: str = "") -> QuerySet[BulkRow]:
    found = bulk.rows.select_related("case__assignee", "case__rma", "posting", "rma", "fix")
    return found.filter(state=state) if state else found


def rows_page(bulk: Bulk, *, state: str, cursor: str, size: int) -> Page:
    return page(rows(bulk, state=state), order=("position",), cursor=cursor, size=size)


def left(bulk: Bulk) -> QuerySet[Case]:
    """The exceptions that were refused or had changed, to act on again."""
    return Case.objects.filter(pk__in=bulk.rows.filter(state__in=LEFT).order_by().values("case"))


def teams(bulk: Bulk) -> list[str]:
    found = bulk.rows.order_by().values_list("case__team", flat=True).distinct()
    return sorted(team for team in found if team)


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


def late_of_others(bulk: Bulk, *, own_teams: Collection[str], now: datetime) -> int:
    """How many rows are late, and the work of other teams than these."""
    late = bulk.rows.filter(~Q(case__team__in=list(own_teams)), case__due_at__lt=now)
    return late.count()
