"""How far each ERP's item master can be believed: its age, and items asked for live (R007, R046).

What may be returned is judged by our copy. It may be old, and a feed may miss changes; both are
told with the returns that they touch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Q, Sum

from exceptions_app.choices import ApprovalAxis, MappingKind, MappingStatus, MoneyAxis
from exceptions_app.models import Bridge, Item, ItemCheck, Rma, RmaLine, Watermark
from exceptions_app.models import Mapping as MappingRow
from exceptions_app.rules.item_checks import Compared
from exceptions_app.rules.mapping import normalise
from exceptions_app.rules.upkeep import ITEMS_LIMIT
from exceptions_app.selectors.restock import PAID_UNIT
from exceptions_app.selectors.sums import Amount, per_currency

FEED = "items"
# Comparisons of so many days are counted; those that found a difference stand until it is gone.
COMPARED_FOR = timedelta(days=7)
# The newest open returns whose items are asked for first, and the most differences read.
OPEN_RETURNS, MOST = 500, 500
_OPEN = (
    ApprovalAxis.REQUESTED,
    ApprovalAxis.UNKNOWN,
    ApprovalAxis.AUTHORISED,
    ApprovalAxis.CLOSED,
)
_UNPAID = (MoneyAxis.NONE, MoneyAxis.PENDING, MoneyAxis.FAILED)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Returns without a confirmed refund on certain items: their units, and what was paid for
    them."""

    returns: int = 0
    units: int = 0
    values: tuple[Amount, ...] = ()


NOTHING = Exposure()


@dataclass(frozen=True, slots=True)
class ItemFeed:
    """The items of one ERP in use; `read_at` is None while they were never read.

    Where they are late, `returns` without a confirmed refund are judged by old flags, and customers
    claim `values` for them; elsewhere nobody counts. Of items asked for live since COMPARED_FOR,
    `compared` were, the last at `compared_at`, and `missing` of them the ERP did not have.
    `differing` are those of all times whose flags in our copy are still not the ERP's, at most
    MOST, by SKU; `exposed` is what open returns of them are about.
    """

    name: str
    read_at: datetime | None
    is_late: bool
    returns: int
    values: tuple[Amount, ...]
    compared: int = 0
    missing: int = 0
    compared_at: datetime | None = None
    differing: tuple[Compared, ...] = ()
    exposed: Exposure = NOTHING


def feeds(*, now: datetime, bridge: str = "") -> tuple[ItemFeed, ...]:
    """One for each ERP of an active bridge, by name.

    Four queries, one more where one is late and two where items differ.
    """
    rows = Bridge.objects.filter(is_active=True)
    if bridge:
        rows = rows.filter(code=bridge)
    names = dict(rows.order_by("erp__name").values_list("erp", "erp__name"))
    read = dict(
        Watermark.objects.filter(feed=FEED, connection__in=list(names)).values_list(
            "connection", "read_at"
        )
    )
    late = [pk for pk in names if _is_late(read.get(pk), now)]
    claimed = _claimed(late)
    counted = _counted(list(names), now - COMPARED_FOR)
    differ = differing(list(names))
    exposed = exposures(differ)
    return tuple(
        ItemFeed(
            name=name,
            read_at=read.get(pk),
            is_late=pk in late,
            returns=sum(row["returns"] for row in claimed.get(pk, ())),
            values=per_currency((row["currency"], row["claimed"]) for row in claimed.get(pk, ())),
            compared=counted.get(pk, {}).get("compared", 0),
            missing=counted.get(pk, {}).get("missing", 0),
            compared_at=counted.get(pk, {}).get("last"),
            differing=tuple(compared for _, compared in differ.get(pk, ())),
            exposed=exposed.get(pk, NOTHING),
        )
        for pk, name in names.items()
    )


def _is_late(read_at: datetime | None, now: datetime) -> bool:
    return read_at is None or now - read_at >= ITEMS_LIMIT


def _claimed(connections: list[int]) -> dict[int, list[Any]]:
    """Returns of these ERPs that are not refunded, by currency."""
    found: dict[int, list[Any]] = {}
    if connections:
        rows = Rma.objects.filter(
            bridge__erp__in=connections, approval__in=_OPEN, money__in=_UNPAID
        ).order_by()
        sums = rows.values("bridge__erp", "currency").annotate(
            returns=Count("pk"), claimed=Sum("amount_in")
        )
        for row in sums:
            found.setdefault(row["bridge__erp"], []).append(row)
    return found


def _counted(connections: Collection[int], since: datetime) -> dict[int, Mapping[str, Any]]:
    rows = (
        ItemCheck.objects.filter(connection__in=connections, checked_at__gte=since)
        .order_by()
        .values("connection")
        .annotate(
            compared=Count("pk"),
            missing=Count("pk", filter=Q(is_found=False)),
            last=Max("checked_at"),
        )
    )
    return {row["connection"]: row for row in rows}


# Items whose flags in our copy are not the ERP's, by connection and SKU, each with how.
Differing = Mapping[int, Sequence[tuple[Item, Compared]]]


def differing(connections: Collection[int]) -> Differing:
    """One query; what our copy was told since is compared anew, so that agreement ends it."""
    found: dict[int, list[tuple[Item, Compared]]] = defaultdict(list)
    rows = ItemCheck.objects.filter(connection__in=connections, differs=True)
    for row in rows.select_related("item").order_by("-checked_at", "-pk")[:MOST]:
        compared = Compared(
            sku=row.item.sku,
            is_active=row.item.is_active,
            is_returnable=row.item.is_returnable,
            is_active_there=row.is_active,
            is_returnable_there=row.is_returnable,
        )
        if compared.differs:
            found[row.connection_id].append((row.item, compared))
    return {pk: sorted(own, key=lambda pair: pair[1].sku) for pk, own in found.items()}


def exposures(differ: Differing) -> dict[int, Exposure]:
    """What open returns of these items are about, by connection; two queries, none for nothing."""
    wanted = Q(pk__in=())
    for pk, keys in _keys(differ).items():
        wanted |= Q(rma__bridge__erp=pk, sku_key__in=keys)
    if not differ:
        return {}
    rows = RmaLine.objects.filter(wanted, rma__approval__in=_OPEN, rma__money__in=_UNPAID)
    sums = (
        rows.order_by()
        .values("rma__bridge__erp", "rma__currency")
        .annotate(
            returns=Count("rma", distinct=True),
            units=Sum("quantity"),
            gross=Sum(F("quantity") * PAID_UNIT),
        )
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in sums:
        found[row["rma__bridge__erp"]].append(row)
    return {
        pk: Exposure(
            returns=sum(row["returns"] for row in own),
            units=sum(row["units"] for row in own),
            values=per_currency((row["rma__currency"], row["gross"]) for row in own),
        )
        for pk, own in found.items()
    }


def _keys(differ: Differing) -> dict[int, set[str]]:
    """What returns may call these items: their SKU, their barcode, and aliases of them."""
    keys = {
        pk: {key for item, _ in own for key in (item.sku_key, normalise(item.barcode)) if key}
        for pk, own in differ.items()
    }
    skus = {item.sku for own in differ.values() for item, _ in own}
    if skus:
        aliases = MappingRow.objects.filter(
            bridge__erp__in=list(differ),
            kind=MappingKind.SKU_ALIAS,
            status=MappingStatus.ACTIVE,
            target__sku__in=sorted(skus),
        )
        for pk, key, target in aliases.values_list("bridge__erp", "source_key", "target"):
            if normalise(target["sku"]) in keys[pk]:
                keys[pk].add(key)
    return keys


def to_check(connection_id: int, *, since: datetime, most: int) -> list[Item]:
    """Items to ask for before all others: those that differed, then those of open returns.

    Of the newest OPEN_RETURNS without a confirmed refund; one asked for after `since` waits its
    turn like any other, unless it differed. At most `most`.
    """
    rows = Item.objects.filter(connection=connection_id)
    found = list(rows.filter(check_row__differs=True).order_by("check_row__checked_at")[:most])
    newest = Rma.objects.filter(
        bridge__erp=connection_id, approval__in=_OPEN, money__in=_UNPAID
    ).order_by("-pk")
    lines = RmaLine.objects.filter(rma__in=list(newest.values_list("pk", flat=True)[:OPEN_RETURNS]))
    keys = set(lines.values_list("sku_key", flat=True))
    return [*found, *_due(rows.filter(sku_key__in=keys), since, most - len(found), found)]


def _due(rows: Any, since: datetime, most: int, taken: Iterable[Item]) -> list[Item]:
    """Those never asked for first, then those asked for longest ago."""
    due = rows.filter(Q(check_row__isnull=True) | Q(check_row__checked_at__lt=since))
    due = due.exclude(pk__in=[row.pk for row in taken])
    found: list[Item] = list(
        due.order_by(F("check_row__checked_at").asc(nulls_first=True), "erp_id")[: max(most, 0)]
    )
    return found
