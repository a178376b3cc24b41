"""Exceptions about an item: both sides of it, and where it is set right in the ERP."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest

from exceptions_app import permissions
from exceptions_app.choices import MappingKind, Role
from exceptions_app.models import Case, Item, RmaLine, SalesOrder, Watermark
from exceptions_app.rules import erp_places, mapping
from exceptions_app.rules.change_words import shown_target
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import item_feeds, manual
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services.reference import ITEM_TYPES, ITEMS_FOR
from exceptions_app.templatetags.amounts import money

_TYPES = frozenset({"SKU_UNKNOWN", "SKU_AMBIGUOUS", "SKU_INACTIVE", "PROMO_SKU"})
_MISSING = frozenset({"SKU_UNKNOWN", "PROMO_SKU"})
# Lines of the order named; a longer one says how many more there are.
_SOLD = 6
# Its orders may name the code all the same.
_ABSENT = "Not in its item master"


def there(case: Case, request: HttpRequest, now: datetime) -> dict[str, Any] | None:
    """Where the item is set right, who knows, and when we read it next; None for other types.

    `new` says what to create where there is none. Three queries.
    """
    if case.type not in ITEM_TYPES or case.bridge is None:
        return None
    erp = case.bridge.erp
    people = manual.people_by_role()[Role.INTEGRATOR]
    mark = Watermark.objects.filter(connection=erp, feed=item_feeds.FEED).first()
    read_at = mark.read_at if mark else None
    return {
        "erp": erp.name,
        "place": erp_places.of_item(erp.kind),
        "new": _new(case),
        "people": ", ".join(people),
        "read_at": read_at,
        "next_at": max(read_at + ITEMS_FOR, now) if read_at else now,
        "may_read": permissions.can(request.user, "read_item"),
        "readers": permissions.holders("read_item"),
    }


def _new(case: Case) -> str:
    """What an item that is missing is created with: all that the return and its order tell of it.

    "" where the exception is about an item that is there.
    """
    rma, sku = case.rma, str(case.facts.get("sku", ""))
    if case.type not in _MISSING or rma is None or not sku:
        return ""
    line = rma.lines.filter(sku_key=normalise(sku)).order_by("line_no").first()
    told = [f"the code {sku}"]
    if line is not None and line.name:
        told.append(f"the name “{line.name}”")
    if line is not None and line.barcode:
        told.append(f"the barcode {line.barcode}")
    if rma.sales_order is not None and rma.sales_order.division:
        told.append(f"the division {rma.sales_order.division}, the order's own")
    return f"Create it with {', '.join(told)}, and in use."


def sides(case: Case) -> list[dict[str, str]]:
    """What the platform says of the item beside what the ERP has, fact by fact, and what was sold.

    Empty for exceptions that are about no item.
    """
    if case.type not in _TYPES or case.rma is None:
        return []
    sku = str(case.facts.get("sku", ""))
    lines = list(case.rma.lines.order_by("line_no"))
    line = next((row for row in lines if row.sku_key == normalise(sku)), None)
    items = _items(case, sku)
    item, order = (items[0] if items else None), case.rma.sales_order
    return [
        {"label": "SKU", "theirs": sku, "ours": _state(item)},
        *_meaning(case, sku),
        {
            "label": "Name",
            "theirs": line.name if line else "",
            "ours": item.description if item else _ABSENT,
        },
        {
            "label": "Barcode",
            "theirs": (line.barcode if line else "") or "None sent",
            "ours": (item.barcode or "None there") if item else _ABSENT,
        },
        {
            "label": "Order",
            "theirs": case.rma.order_name,
            "ours": order.number if order else "Not linked",
        },
        *(_sold(order, lines) if order else ()),
    ]


def _items(case: Case, sku: str) -> list[Item]:
    assert case.rma is not None
    rows = Item.objects.filter(connection=case.rma.bridge.erp_id, sku_key=normalise(sku))
    return list(rows.order_by("-is_active", "erp_id")[:2])


def _state(item: Item | None) -> str:
    if item is None:
        return _ABSENT
    return f"{item.sku}, {'in use' if item.is_active else 'switched off'}"


def _meaning(case: Case, sku: str) -> list[dict[str, str]]:
    """What a mapping in force makes of the SKU; none where nobody mapped it."""
    assert case.rma is not None
    kind = MappingKind.SKU_ALIAS
    found = mappings_selector.in_force(bridge=case.rma.bridge, kind=kind, value=sku)
    if found is None:
        return []
    item = next(iter(_items(case, str(found.target.get("sku", "")))), None)
    name = f", {item.description}" if item and item.description else ""
    is_gift = found.target.get("sku") == mapping.NO_ITEM
    state = "" if is_gift else f" ({_state(item).rpartition(', ')[2]})"
    ours = f"{shown_target(kind, found.target)}{name}{state}"
    return [{"label": "Stands for", "theirs": "By the mapping in force", "ours": ours}]


def _sold(order: SalesOrder, lines: Iterable[RmaLine]) -> list[dict[str, str]]:
    """Each line of the order with its price, beside what came back under its SKU."""
    came = {row.sku_key: row for row in lines}
    rows = list(order.lines.all())
    shown = [
        {
            "label": f"Line {row.line_id} of the order",
            "theirs": _came(came.get(normalise(row.sku)), order.currency),
            "ours": f"{row.sku}{f', {row.description}' if row.description else ''}:"
            f" {row.quantity} for {money(row.net + row.tax, order.currency)}, tax included",
        }
        for row in rows[:_SOLD]
    ]
    more = len(rows) - _SOLD
    return [*shown, *([{"label": "And", "theirs": "", "ours": f"{more} more"}] if more > 0 else [])]


def _came(line: RmaLine | None, currency: str) -> str:
    if line is None:
        return "Not on this return under that SKU"
    if line.unit_price is None:
        return f"{line.quantity} came back, price not told"
    tax = Decimal(0) if line.is_tax_included else line.unit_tax or Decimal(0)
    return f"{line.quantity} came back, paid {money(line.unit_price + tax, currency)} each"
