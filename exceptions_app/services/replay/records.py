"""The file's lines as what the simulated systems hold: orders, item master, returns.

The data has no VAT and prices as charged: tax is 0 with code "Z". A return's own dates are the
file's, while its last change, its inspection and its refund lie at the moment the replay was set
up: a refund of years ago would be overdue before its first plan, and a fixed moment keeps every
later run's records the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from exceptions_app.rules import money
from exceptions_app.services.replay import codes
from exceptions_app.services.replay.matching import Part, Return, sold_lines
from exceptions_app.services.replay.reading import CURRENCY, FileLine

DIVISION = "10"
WAREHOUSE = "MAIN"
WAREHOUSE_NAME = "Main warehouse"
LOCATION = "Returns desk"
REASON = "Credited by the retailer"
GUEST = "GUEST"
TAX_CODE = "Z"
_BATCH = 500

Record = Mapping[str, Any]


def erp_loads(lines: Sequence[FileLine]) -> Iterator[Record]:
    """What the ERP's control API takes, in bites: master data first, then the orders."""
    yield {
        "locations": [
            {"code": WAREHOUSE, "name": WAREHOUSE_NAME, "division": DIVISION, "active": True}
        ],
        "customers": [{"code": code, "name": _named(code)} for code in _customers(lines)],
        "items": _items(lines),
    }
    orders = _orders(lines)
    for start in range(0, len(orders), _BATCH):
        yield {"orders": orders[start : start + _BATCH]}


def platform_loads(
    returns: Sequence[Return], *, at: datetime, orders: Sequence[FileLine] | None = None
) -> Iterator[Record]:
    """The returns, latest first: the platform lists the newest record first, so that a reader
    meets them in time order, and earlier credits take their units before later ones.

    With `orders` the shop's own orders come before them, and every return hangs on one.
    """
    if orders is not None:
        made = shop_orders(orders, returns)
        for start in range(0, len(made), _BATCH):
            yield {"orders": made[start : start + _BATCH]}
    latest_first = list(reversed(returns))
    for start in range(0, len(latest_first), _BATCH):
        bite = latest_first[start : start + _BATCH]
        rmas = [_rma(row, at.isoformat()) for row in bite]
        if orders is not None:
            for row, rma in zip(bite, rmas, strict=True):
                rma["order_name"] = _shop_order(row)
        yield {"rmas": rmas}


def shop_orders(lines: Sequence[FileLine], returns: Sequence[Return]) -> list[Record]:
    """The orders as a shop would hold them whose returns are the file's credits.

    What was credited at another price, or never bought here, is a line of the shop's order alone:
    a shop takes back only what it sold. The ERP knows nothing of it.
    """
    orders: dict[str, dict[str, Any]] = {}
    for order in _orders(lines):
        rows = [{**line, "shop_line": _sold_name(line["line_id"])} for line in order["lines"]]
        orders[order["number"]] = {**order, "lines": rows}
    for row in returns:
        order = orders.setdefault(_shop_order(row), _empty_order(row))
        order["lines"].extend(_shop_line(part) for part in row.parts if _is_of_the_shop(part))
    return list(orders.values())


def _shop_order(row: Return) -> str:
    return row.order_number or f"Shop {row.external_id}"


def _is_of_the_shop(part: Part) -> bool:
    """Whether the ERP's order line is not the very thing that was credited."""
    sold = part.sold
    return sold is None or part.is_excess or sold.line.unit_price != part.credit.unit_price


def _sold_name(line_id: str) -> str:
    return f"sold {line_id}"


def _shop_name(part: Part) -> str:
    if _is_of_the_shop(part) or part.sold is None:
        return f"part {part.item_id}"
    return _sold_name(part.sold.line_id)


def _shop_line(part: Part) -> Record:
    worth = money.quantise(part.credit.unit_price * part.units, CURRENCY)
    return {
        "line_id": part.item_id,
        "shop_line": _shop_name(part),
        "sku": part.credit.stock_code,
        "description": part.credit.description,
        "quantity": part.units,
        "unit_price": str(part.credit.unit_price),
        "net": str(worth),
        "tax": "0.00",
        "tax_code": TAX_CODE,
    }


def _empty_order(row: Return) -> dict[str, Any]:
    return {
        "number": _shop_order(row),
        "customer": row.customer_id or GUEST,
        "currency": CURRENCY,
        "ordered_at": row.at.isoformat(),
        "lines": [],
    }


def _customers(lines: Sequence[FileLine]) -> list[str]:
    return [*sorted({line.customer_id for line in lines} - {""}), GUEST]


def _named(code: str) -> str:
    return "Guest" if code == GUEST else f"Customer {code}"


def _items(lines: Sequence[FileLine]) -> list[Record]:
    """One item per code: every product, and what else was sold and is no charge."""
    items: dict[str, Record] = {}
    for line in lines:
        is_item = codes.is_product(line.code) or not line.is_credit
        if is_item and not codes.is_charge(line.code) and line.code not in items:
            items[line.code] = {
                "sku": line.stock_code,
                "style": line.stock_code,
                "description": line.description,
                "division": DIVISION,
                "active": True,
                "returnable": True,
            }
    return list(items.values())


def _orders(lines: Sequence[FileLine]) -> list[Record]:
    return [
        {
            "number": number,
            "customer": rows[0].line.customer_id or GUEST,
            "division": DIVISION,
            "warehouse": WAREHOUSE,
            "currency": CURRENCY,
            "ordered_at": min(row.line.at for row in rows).isoformat(),
            "invoice_number": number,
            "lines": [
                {
                    "line_id": row.line_id,
                    "sku": row.line.stock_code,
                    "description": row.line.description,
                    "quantity": row.line.quantity,
                    "unit_price": str(row.line.unit_price),
                    "net": str(money.quantise(row.line.money, CURRENCY)),
                    "tax": "0.00",
                    "tax_code": TAX_CODE,
                }
                for row in rows
            ],
        }
        for number, rows in sold_lines(lines).items()
    ]


def _rma(row: Return, at: str) -> dict[str, Any]:
    refund = row.refund
    created_at = row.at.isoformat()
    return {
        "rma_id": row.external_id,
        "status": "Validated",
        "order_name": row.order_number,
        "currency": CURRENCY,
        "created_at": created_at,
        "updated_at": at,
        "customer": {"name": _named(row.customer_id) if row.customer_id else "", "email": ""},
        "items": [_unit_group(part, at) for part in row.parts],
        "shipments": [],
        "transactions": [_refund(row, created_at, at)] if refund else [],
    }


def _unit_group(part: Part, at: str) -> Record:
    credit = part.credit
    is_charge = codes.is_charge(credit.code)
    return {
        "item_id": part.item_id,
        "quantity": part.units,
        "line_item_id": part.sold.line_id if part.sold else "",
        "shop_line": _shop_name(part),
        "sku": credit.stock_code,
        "name": credit.description,
        "paid_price": str(credit.unit_price),
        "paid_tax": "0.00",
        "tax_included": False,
        "reason": REASON,
        "resolution_type": "RefundToPaymentMethod",
        "validation": None if is_charge else _inspected(at),
    }


def _inspected(at: str) -> Record:
    return {
        "is_returned": True,
        "is_restockable": True,
        "store_location_id": LOCATION,
        "at": at,
        "by": "Replay",
    }


def _refund(row: Return, created_at: str, at: str) -> Record:
    return {
        "id": f"{row.external_id}-refund",
        "type": "RefundToPaymentMethod",
        "amount": str(row.refund),
        "status": "Success",
        "processor": "Ledger",
        "external_reference_id": row.parts[0].credit.invoice,
        "item_ids": [part.item_id for part in row.parts],
        "created_at": created_at,
        "updated_at": at,
    }
