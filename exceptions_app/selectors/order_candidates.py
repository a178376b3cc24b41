"""Orders of the ERP that could be a return's, from our copies, as a person compares them (R055).

Customers are compared and never shown: the ERP tells a code only, so another return of the order
says whose it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from exceptions_app.models import CreditTaking, Rma, RmaLine, SalesOrder, SalesOrderLine
from exceptions_app.models.orders import quoted
from exceptions_app.rules import matching, order_ranking
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import order_facts

SHOWN = 5
# So many of the newest orders that sold one of the SKUs are compared.
_NEWEST = 40


@dataclass(frozen=True, slots=True)
class Sold:
    """Units of one returned SKU: `left` of `sold` were credited to no other return."""

    sku: str
    wanted: int
    sold: int
    left: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One order; `gross` is all it sold with its shipping, tax included, in `currency`.

    `customer` is "same" or "other" by its other returns, "" where none tells; `claims` are those
    returns, by id and name, the newest first.
    """

    number: str
    ordered_at: datetime
    currency: str
    gross: Decimal
    goods: tuple[Sold, ...]
    customer: str
    claims: tuple[tuple[int, str], ...]
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    is_spent: bool


@dataclass(frozen=True, slots=True)
class Found:
    """At most SHOWN, best first; `best` is the number of the clearly likeliest, "" without one."""

    rows: tuple[Candidate, ...]
    best: str


def of(rma: Rma, *, search: str = "") -> Found:
    """Orders that sold what came back, or those that `search` finds; five queries.

    `search` is an order's number or its beginning, a customer code, or a day ("2026-11-03").
    """
    wanted = Counter[str]()
    for sku, units in RmaLine.objects.filter(rma=rma).values_list("sku", "quantity"):
        wanted[sku] += units
    orders = list(_orders(rma, wanted, search).prefetch_related("lines"))
    claims = _claims(rma, orders)
    taken = dict(
        CreditTaking.objects.filter(order__in=orders, order_line__isnull=False)
        .exclude(posting__rma=rma)
        .order_by()
        .values("order_line")
        .annotate(units_taken=Sum("units"))
        .values_list("order_line", "units_taken")
    )
    rows = {
        order.number: _candidate(rma, order, wanted, claims[order.pk], taken) for order in orders
    }
    alike = _likeness(rma, wanted, orders)
    ranked = order_ranking.rank(
        [_known(rma, row, alike.get(row.number), wanted) for row in rows.values()],
        asked_at=rma.requested_at,
    )
    shown = [row for row in ranked if search or row.number in alike][:SHOWN]
    return Found(
        rows=tuple(_told(rows[row.number], row) for row in shown),
        best="" if search else order_ranking.best(tuple(shown)),
    )


def _orders(rma: Rma, wanted: Iterable[str], search: str) -> QuerySet[SalesOrder]:
    orders = SalesOrder.objects.filter(connection=rma.bridge.erp_id)
    if not search:
        sold = SalesOrderLine.objects.filter(order=OuterRef("pk"), sku__in=list(wanted))
        orders = orders.filter(Exists(sold))
    elif (day := _day(search)) is not None:
        zone = ZoneInfo(rma.bridge.timezone)
        first = datetime.combine(day, time(), zone)
        orders = orders.filter(ordered_at__gte=first, ordered_at__lt=first + timedelta(days=1))
    else:
        orders = orders.alias(as_asked=quoted("number")).filter(
            Q(as_asked__startswith=search.upper()) | Q(customer_code=search)
        )
    return orders.order_by("-ordered_at", "-pk")[:_NEWEST]


def _day(search: str) -> date | None:
    try:
        return date.fromisoformat(search)
    except ValueError:
        return None


def _claims(rma: Rma, orders: list[SalesOrder]) -> dict[int, list[Rma]]:
    """The other returns of each order, the newest first."""
    found: dict[int, list[Rma]] = defaultdict(list)
    others = Rma.objects.filter(sales_order__in=orders).exclude(pk=rma.pk).select_related("bridge")
    for row in others.order_by("-pk"):
        found[row.sales_order_id or 0].append(row)
    return found


def _candidate(
    rma: Rma,
    order: SalesOrder,
    wanted: Counter[str],
    claims: list[Rma],
    taken: dict[Any, int],
) -> Candidate:
    goods = []
    for sku, units in sorted(wanted.items()):
        lines = [line for line in order.lines.all() if normalise(line.sku) == normalise(sku)]
        sold = sum(line.quantity for line in lines)
        left = sum(max(line.quantity - taken.get(line.pk, 0), 0) for line in lines)
        goods.append(Sold(sku, units, sold, left))
    return Candidate(
        number=order.number,
        ordered_at=order.ordered_at,
        currency=order.currency,
        gross=sum(
            (line.net + line.tax for line in order.lines.all()),
            order.shipping_net + order.shipping_tax,
        ),
        goods=tuple(goods),
        customer=_customer(rma, claims),
        claims=tuple((row.pk, str(row)) for row in claims),
        speaks_for=(),
        speaks_against=(),
        is_spent=False,
    )


def _customer(rma: Rma, claims: Iterable[Rma]) -> str:
    """By address where both tell it: a name alone is borne by many."""
    mine = normalise(rma.customer_email)
    theirs = {normalise(row.customer_email) for row in claims if row.customer_email}
    if not mine or not theirs:
        return ""
    same = mine in theirs
    return order_ranking.SAME_CUSTOMER if same else order_ranking.OTHER_CUSTOMER


def _likeness(
    rma: Rma, wanted: Iterable[str], orders: list[SalesOrder]
) -> dict[str, matching.OrderSuggestion]:
    found = matching.rank_orders(
        order_name=rma.order_name,
        skus=set(wanted),
        currency=rma.currency,
        candidates=[order_facts.alone(order) for order in orders],
        limit=len(orders),
    )
    return {row.number: row for row in found}


def _known(
    rma: Rma, row: Candidate, alike: matching.OrderSuggestion | None, wanted: Counter[str]
) -> order_ranking.Known:
    return order_ranking.Known(
        number=row.number,
        score=alike.score if alike else 0,
        reasons=alike.reasons if alike else (),
        wanted=wanted,
        left={each.sku: each.left for each in row.goods},
        customer=row.customer,
        is_same_currency=row.currency == rma.currency,
        currency=row.currency,
        ordered_at=row.ordered_at,
    )


def _told(row: Candidate, ranked: order_ranking.Ranked) -> Candidate:
    return Candidate(
        number=row.number,
        ordered_at=row.ordered_at,
        currency=row.currency,
        gross=row.gross,
        goods=row.goods,
        customer=row.customer,
        claims=row.claims,
        speaks_for=ranked.speaks_for,
        speaks_against=ranked.speaks_against,
        is_spent=ranked.is_spent,
    )
