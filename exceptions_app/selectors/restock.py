"""Units by the bucket their grade means, and those that still wait for a decision (R028, R029).

The grade is the platform's word; the mapping of its bridge says which bucket it means. Sums are of
units graded within a period. What waits for a decision waits however long ago it was graded: it is
listed whole, page by page. What the ERP moved by itself afterwards is not told to us.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Case as Choose
from django.db.models import F, Min, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from exceptions_app.choices import ApprovalAxis, Bucket, MappingKind, MappingStatus
from exceptions_app.models import Mapping as MappingRow
from exceptions_app.models import RmaLine
from exceptions_app.rules import mapping as mapping_rules
from exceptions_app.rules.facts import Mappings
from exceptions_app.selectors import mapping_facts
from exceptions_app.selectors.sums import Amount, per_currency

# Neither on sale nor written off: somebody has still to decide.
WAITING = (Bucket.QUARANTINE, Bucket.REPAIR)
UNMAPPED = "unmapped"
OTHERS = ((mapping_rules.NO_STOCK, "No stock"), (UNMAPPED, "Not mapped"))
LABELS: Mapping[str, str] = {**dict(Bucket.choices), **dict(OTHERS)}
# Oldest first: each day they are neither sold nor written off.
ORDER = ("disposition_at", "id")

# What the customer paid for one unit, tax included, as `rules.money.paid_unit_gross` reckons it.
PAID_UNIT = Choose(
    When(is_tax_included=True, then=F("unit_price")),
    default=F("unit_price") + Coalesce(F("unit_tax"), Decimal(0)),
)


# Each word once, from one entry of its index to the next: the lines between are never read.
_WORDS = """
    WITH RECURSIVE word (value) AS (
      (SELECT disposition FROM exceptions_app_rmaline
       WHERE disposition_at IS NOT NULL AND disposition > '' ORDER BY disposition LIMIT 1)
      UNION ALL
      SELECT (SELECT disposition FROM exceptions_app_rmaline
        WHERE disposition_at IS NOT NULL AND disposition > word.value
        ORDER BY disposition LIMIT 1)
      FROM word WHERE word.value IS NOT NULL
    )
    SELECT value FROM word WHERE value IS NOT NULL
    """


@dataclass(frozen=True, slots=True)
class Meant:
    """A bucket and its `words`: the (bridge, disposition) pairs that mean it."""

    code: str
    words: tuple[tuple[int, str], ...]

    @property
    def label(self) -> str:
        return LABELS[self.code]

    @property
    def is_waiting(self) -> bool:
        return self.code in WAITING


@dataclass(frozen=True, slots=True)
class InBucket(Meant):
    """Units graded into one bucket: `values` are what customers paid for them, tax included."""

    units: int
    values: tuple[Amount, ...]
    oldest: datetime


def graded(*, since: datetime | None = None, bridge: str = "") -> QuerySet[RmaLine]:
    """Lines with a final disposition, given after `since`, of returns that were not called off."""
    dated = Q(disposition_at__gt=since) if since else Q(disposition_at__isnull=False)
    rows = RmaLine.objects.filter(dated).exclude(
        Q(disposition="")
        | Q(rma__approval__in=[ApprovalAxis.REFUSED.value, ApprovalAxis.CANCELLED.value])
    )
    return rows.filter(rma__bridge__code=bridge) if bridge else rows


def buckets(rows: QuerySet[RmaLine]) -> tuple[InBucket, ...]:
    """`rows` by bucket, those that wait first; two queries for any number of rows."""
    sums: list[Any] = list(
        rows.order_by()
        .values("rma__bridge", "disposition", "rma__currency")
        .annotate(
            units=Sum("quantity"),
            paid=Sum(PAID_UNIT * F("quantity")),
            oldest=Min("disposition_at"),
        )
    )
    meanings = _meanings({row["rma__bridge"] for row in sums})
    found: dict[str, list[Any]] = {}
    for row in sums:
        mappings = meanings.get(row["rma__bridge"], Mappings())
        code = mapping_rules.bucket(mappings, row["disposition"]) or UNMAPPED
        found.setdefault(code, []).append(row)
    order = [*WAITING, *(code for code in LABELS if code not in WAITING)]
    return tuple(_in_bucket(code, found[code]) for code in order if code in found)


def _meanings(bridges: Iterable[int] | None) -> dict[int, Mappings]:
    """What the words mean for `bridges`, or for all of them."""
    tables: dict[int, dict[str, str]] = {}
    rows = MappingRow.objects.filter(kind=MappingKind.DISPOSITION, status=MappingStatus.ACTIVE)
    rows = rows if bridges is None else rows.filter(bridge__in=bridges)
    for bridge, key, target in rows.values_list("bridge", "source_key", "target"):
        tables.setdefault(bridge, {})[key] = mapping_facts.target_of(
            MappingKind.DISPOSITION, target
        )
    return {bridge: Mappings(disposition=table) for bridge, table in tables.items()}


def _in_bucket(code: str, rows: list[Any]) -> InBucket:
    return InBucket(
        code=code,
        units=sum(row["units"] for row in rows),
        values=per_currency((row["rma__currency"], row["paid"]) for row in rows),
        oldest=min(row["oldest"] for row in rows),
        words=tuple(sorted({(row["rma__bridge"], row["disposition"]) for row in rows})),
    )


def chosen(found: Iterable[InBucket], *, code: str) -> list[InBucket]:
    """The bucket of `found` that is called `code`, or none."""
    return [each for each in found if each.code == code]


def waiting(*, code: str = "") -> list[Meant]:
    """The buckets that wait for a decision, or the one of them called `code`, with every word.

    Two queries and no line of the history, however many were ever graded.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WORDS)
        words = [str(row[0]) for row in cursor.fetchall()]
    meanings = _meanings(None)
    return [
        Meant(
            each,
            tuple(
                (bridge, word)
                for bridge, mappings in meanings.items()
                for word in words
                if mapping_rules.bucket(mappings, word) == each
            ),
        )
        for each in WAITING
        if code in {"", each}
    ]


def lines(rows: QuerySet[RmaLine], wanted: Iterable[Meant]) -> QuerySet[RmaLine]:
    """The lines of `rows` in the wanted buckets, with their return and its `paid` amount."""
    by_bridge: dict[int, list[str]] = {}
    for bucket in wanted:
        for bridge, word in bucket.words:
            by_bridge.setdefault(bridge, []).append(word)
    held = Q(pk__in=[])
    for bridge, words in by_bridge.items():
        held |= Q(rma__bridge=bridge, disposition__in=words)
    return (
        rows.filter(held)
        .annotate(paid=PAID_UNIT * F("quantity"))
        .select_related("rma__bridge__source")
    )


def bucket_of(line: RmaLine, found: Iterable[Meant]) -> Meant | None:
    """Which of `found` holds `line`."""
    word = (line.rma.bridge_id, line.disposition)
    return next((bucket for bucket in found if word in bucket.words), None)
