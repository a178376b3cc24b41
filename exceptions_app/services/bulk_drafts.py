"""A frozen selection as it is written down: its rows, count and money, and what will be refused.

What is tried on history is frozen here too, for whoever starts it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from exceptions_app import errors
from exceptions_app.choices import BulkKind
from exceptions_app.models import Bulk, BulkRow, Rma

DRAFT_FOR = timedelta(hours=1)
AT_ONCE = 2_000
# Returns a change is tried on at the most, the newest ones.
MOST_TRIED = 10_000
# How the words of an act end where there are more.
MORE = "there are more"
_EXAMPLES = 3


def draft(kind: str, actor: User, now: datetime, back: str, words: str) -> Bulk:
    return Bulk(
        kind=kind,
        asked_by=actor,
        frozen_at=now,
        expires_at=now + DRAFT_FOR,
        back=back[:1000],
        words=words[:300],
    )


def filled(bulk: Bulk, rows: Iterable[BulkRow], tally: Tally) -> Bulk:
    bulk.save()
    some: list[BulkRow] = []
    for row in rows:
        some.append(row)
        if len(some) == AT_ONCE:
            BulkRow.objects.bulk_create(some)
            some = []
    BulkRow.objects.bulk_create(some)
    if not tally.count:
        raise errors.InvalidChoice("There is nothing to act on. Nothing was changed.")
    bulk.count = tally.count
    bulk.sums = [[currency, str(total)] for currency, total in sorted(tally.sums.items())]
    bulk.forecast = [
        {"why": why, "count": count, "examples": tally.examples[why]}
        for why, count in tally.reasons.most_common()
    ]
    bulk.save(update_fields=["count", "sums", "forecast", "words"])
    return bulk


class Tally:
    """Counts, money and refusals to come, added up while rows are frozen."""

    def __init__(self) -> None:
        self.count = 0
        self.sums: dict[str, Decimal] = defaultdict(Decimal)
        self.reasons: Counter[str] = Counter()
        self.examples: dict[str, list[int]] = defaultdict(list)

    def add(self, why: str, pk: int, currency: str, amount: Decimal) -> None:
        self.count += 1
        if currency and amount:
            self.sums[currency] += amount
        if why:
            self.reasons[why] += 1
            if len(self.examples[why]) < _EXAMPLES:
                self.examples[why].append(pk)


def tried_on(
    found: QuerySet[Rma], given: dict[str, Any], what: str, days: int, actor: User, now: datetime
) -> Bulk:
    """Freeze the newest of the returns to try a change on; the words say so where there are more.

    `found` are the open ones and those of `days`, 0 for the open ones alone.
    """
    rest = f"; returns of the last {days} days and all that are open" if days else "; all open"
    bulk = draft(BulkKind.PREVIEW, actor, now, "", f"{what[: 300 - len(rest)]}{rest}")
    bulk.given = given
    tally = Tally()

    def rows() -> Iterator[BulkRow]:
        newest = found.order_by("-pk").only("pk", "currency", "amount_in")[: MOST_TRIED + 1]
        for position, rma in enumerate(newest.iterator(chunk_size=AT_ONCE), start=1):
            if position > MOST_TRIED:
                bulk.words = f"{what[:180]}; the newest {MOST_TRIED:,} returns, {MORE}"
                return
            tally.add("", rma.pk, rma.currency, rma.amount_in)
            yield BulkRow(bulk=bulk, position=position, rma=rma)

    return filled(bulk, rows(), tally)
