"""Records as the simulated systems take them in, built from articles and moments."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from exceptions_app.management.demo import names
from exceptions_app.management.demo.names import Article

Record = dict[str, Any]
_CENT = Decimal("0.01")


def item(article: Article, **values: Any) -> Record:
    style, _, rest = article.sku.partition("-")
    return {
        "sku": article.sku,
        "style": style,
        "color_code": rest,
        "size_desc": "OS",
        "upc": barcode(article.sku),
        "description": article.name,
        "division": "10",
        "active": True,
        "unit_cost": str(article.cost),
        **values,
    }


def barcode(sku: str) -> str:
    return "505" + str(int(hashlib.sha256(sku.encode()).hexdigest()[:12], 16))[-10:].zfill(10)


def reference() -> Record:
    """Locations, customers and the item master of every simulated ERP."""
    members = [{"sku": part.sku, "quantity": 1} for part in names.BUNDLE_PARTS]
    return {
        "locations": [
            {"code": code, "name": name, "division": division, "active": True}
            for name, division, code in names.LOCATIONS
        ]
        + [{"code": "PAR", "name": "Paris", "division": "20", "active": True}],
        "customers": [
            {"code": "WEB", "name": "Alder web customers", "vat_setting": ""},
            {"code": "TRADE", "name": "Alder trade", "vat_setting": "reverse_charge"},
        ],
        "items": [
            *(item(article) for article in names.ARTICLES),
            item(names.DISCONTINUED, active=False),
            item(names.BUNDLE, members=members),
            *(item(article, upc=names.SHARED_BARCODE) for article in names.TWINS),
        ],
    }


def order_line(line_id: str, article: Article, quantity: int) -> Record:
    gross = article.price * quantity
    # Each one is taxed by itself, so that one of several is worth what it cost.
    net = (article.price / Decimal("1.2")).quantize(_CENT, ROUND_HALF_UP) * quantity
    return {
        "line_id": line_id,
        "sku": article.sku,
        "description": article.name,
        "quantity": quantity,
        "unit_price": str(article.price),
        "discount": "0.00",
        "net": str(net),
        "tax": str(gross - net),
        "tax_code": "S",
    }


def bundle_lines() -> list[Record]:
    """The bundle's line, and one for each part, whose price lies in the bundle's."""
    within = {"net": "0.00", "tax": "0.00", "parent_line_id": "1"}
    return [
        order_line("1", names.BUNDLE, 1),
        *(
            {**order_line(str(place), part, 1), **within}
            for place, part in enumerate(names.BUNDLE_PARTS, start=2)
        ),
    ]


def order(
    number: str, articles: Sequence[tuple[Article, int]], at: datetime, **values: Any
) -> Record:
    return {
        "number": number,
        "customer": "WEB",
        "division": "10",
        "warehouse": "LEE",
        "currency": "GBP",
        "ordered_at": text(at),
        "invoice_number": f"INV-{number}",
        "shipping_net": "3.95",
        "shipping_tax": "0.00",
        "shipping_tax_code": "Z",
        "lines": [
            order_line(str(position), article, quantity)
            for position, (article, quantity) in enumerate(articles, start=1)
        ],
        **values,
    }


def unit(item_id: str, article: Article, at: datetime, **values: Any) -> Record:
    tax = article.price - (article.price / Decimal("1.2")).quantize(_CENT, ROUND_HALF_UP)
    return {
        "item_id": item_id,
        "line_item_id": f"L{item_id}",
        "sku": article.sku,
        "barcode": barcode(article.sku),
        "name": article.name,
        "paid_price": str(article.price),
        "paid_tax": str(tax),
        "tax_included": True,
        "reason": names.REASONS[0][0],
        "resolution_type": "RefundToPaymentMethod",
        "return_method": "Ship with any carrier",
        "validation": validation(at),
        **values,
    }


def validation(at: datetime, **values: Any) -> Record:
    return {
        "is_returned": True,
        "is_restockable": True,
        "non_returned_reason": None,
        "non_restockable_reason": None,
        "store_location_id": names.LOCATIONS[0][0],
        "at": text(at - timedelta(minutes=30)),
        "by": "Wanda",
        **values,
    }


def refund(rma_id: str, units: Sequence[Record], amount: Decimal, at: datetime) -> Record:
    return {
        "id": f"9{rma_id}",
        "type": "RefundToPaymentMethod",
        "amount": str(amount),
        "status": "Success",
        "processor": "Shopify",
        "external_reference_id": f"R-{rma_id}",
        "item_ids": [row["item_id"] for row in units],
        "created_at": text(at - timedelta(minutes=20)),
        "updated_at": text(at - timedelta(minutes=15)),
    }


def rma(
    rma_id: str,
    order_number: str,
    units: Sequence[Record],
    at: datetime,
    *,
    refunded: Decimal | None = None,
    pays: bool = True,
    **values: Any,
) -> Record:
    """A validated return as of `at`; refunded in full unless `refunded` or `pays` says else."""
    amount = refunded
    if amount is None:
        amount = sum((Decimal(row["paid_price"]) for row in units), Decimal(0))
    return {
        "rma_id": rma_id,
        "status": "Validated",
        "order_name": order_number,
        "order_id": f"77{rma_id}",
        "currency": "GBP",
        "created_at": text(at - timedelta(days=4)),
        "updated_at": text(at - timedelta(minutes=5)),
        "customer": customer(rma_id),
        "items": list(units),
        "shipments": [shipment(rma_id, "Validated")],
        "transactions": [refund(rma_id, units, amount, at)] if pays else [],
        **values,
    }


def shipment(rma_id: str, status: str) -> Record:
    number = int(rma_id)
    return {
        "shipment_id": f"S{rma_id}",
        "status": status,
        "carrier": names.CARRIERS[number % len(names.CARRIERS)],
        "tracking_number": f"AL{number * 7919 % 10**9:09d}GB",
    }


def customer(rma_id: str) -> Record:
    number = int(rma_id)
    first = names.FIRST_NAMES[number * 7 % len(names.FIRST_NAMES)]
    last = names.LAST_NAMES[number * 13 // 3 % len(names.LAST_NAMES)]
    return {"name": f"{first} {last}", "email": f"{first}.{last}@example.com".lower()}


def text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
