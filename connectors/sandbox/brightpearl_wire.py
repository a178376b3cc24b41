"""How the Brightpearl-like twin answers: envelope, id sets, searches, the shapes of an order.

Documented or seen: the envelope, id sets, a search's `metaData` and rows by column, the two shapes
of an order (`GET order`: rows as a map, amounts as texts; `GET sales-order`: flat). Invented: every
error code that begins with `SIM-`, and its words; no public source gives them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from werkzeug.wrappers import Request

from connectors import wire_json
from connectors.sandbox.brightpearl_store import Order, Row, Store, moment, stamp

MAX_PAGE = 500
_MAX_IDS = 200
_RESERVED = ("columns", "sort", "pageSize", "firstResult", "countOnly")
_PART = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?")


class Refused(Exception):
    """A call that is answered with errors."""

    def __init__(self, code: str, words: str, *, status: int = 400) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.status = status

    def document(self) -> dict[str, Any]:
        return {"errors": [{"code": self.code, "message": self.words}]}


def nothing_found() -> Refused:
    return Refused("CMNC-404", "Nothing was found for this address.", status=404)


def id_set(text: str) -> list[int]:
    """The ids of a set such as "1,3-5", in its order.

    Raises:
        Refused: it cannot be read, or names more than 200.
    """
    found: list[int] = []
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise Refused("SIM-001", f"The ID set cannot be read: {part}")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first >= _MAX_IDS:
            raise Refused("SIM-001", f"The ID set cannot be read: {part}")
        found.extend(range(first, last + 1))
    if len(found) > _MAX_IDS:
        raise Refused("SIM-002", f"An ID set holds {_MAX_IDS} IDs at most.")
    return found


def json_of(request: Request) -> Any:
    try:
        return wire_json.decode(request.get_data(as_text=True))
    except ValueError:
        raise Refused("CMNC-010", "A JSON body is required") from None


def decimal(value: object) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise Refused("SIM-041", f"{value} is no number") from None
    if not found.is_finite():
        raise Refused("SIM-041", f"{value} is no number")
    return found


@dataclass(frozen=True)
class Column:
    """A column of a search; one without a value is a filter only."""

    name: str
    data_type: str
    value: Callable[[Any], Any]
    is_shown: bool = True


def search(
    records: Sequence[Any],
    columns: Sequence[Column],
    args: Mapping[str, str],
    *,
    page_cap: int,
) -> dict[str, Any]:
    """One page of the records that pass every filter.

    Raises:
        Refused: a filter or column nobody knows, or a value of the wrong form.
    """
    by_name = {column.name: column for column in columns}
    found = list(records)
    for name, text in args.items():
        if name in _RESERVED:
            continue
        if name not in by_name:
            raise Refused("SIM-003", f"There is no such filter: {name}")
        column = by_name[name]
        found = [row for row in found if _passes(column, column.value(row), text)]
    shown = _shown(args.get("columns", ""), columns)
    sorting = _sort(found, args.get("sort", ""), by_name)
    size = min(_whole(args, "pageSize", MAX_PAGE), MAX_PAGE, page_cap)
    first = _whole(args, "firstResult", 1)
    page = found[first - 1 : first - 1 + size]
    return {
        "metaData": {
            "morePagesAvailable": first - 1 + size < len(found),
            "resultsAvailable": len(found),
            "resultsReturned": len(page),
            "firstResult": first if page else 0,
            "lastResult": first - 1 + len(page),
            "columns": [column_data(column) for column in shown],
            "sorting": sorting,
        },
        "results": [[column.value(row) for column in shown] for row in page],
    }


def column_data(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "sortable": column.is_shown,
        "filterable": True,
        "reportDataType": column.data_type,
        "referenceData": ["orderTypeNames"] if column.name == "orderTypeId" else [],
        "isFreeTextSearchable": False,
        "required": False,
    }


def _shown(text: str, columns: Sequence[Column]) -> list[Column]:
    all_shown = [column for column in columns if column.is_shown]
    if not text:
        return all_shown
    names = text.split(",")
    unknown = set(names) - {column.name for column in all_shown}
    if unknown:
        raise Refused("SIM-003", f"There is no such column: {min(unknown)}")
    # In the search's own order, whatever order they are asked in.
    return [column for column in all_shown if column.name in names]


def _sort(found: list[Any], text: str, by_name: Mapping[str, Column]) -> list[dict[str, Any]]:
    if not text:
        return []
    name, _, direction = text.partition(".")
    if name not in by_name or direction not in ("ASC", "DESC"):
        raise Refused("SIM-003", f"The sorting cannot be read: {text}")
    column = by_name[name]
    found.sort(
        key=lambda row: ((value := column.value(row)) is not None, value),
        reverse=direction == "DESC",
    )
    return [{"filterable": column_data(column), "direction": direction}]


def _passes(column: Column, value: Any, text: str) -> bool:
    if column.data_type == "IDSET":
        return value in id_set(text)
    if column.data_type == "STRING_SET":
        return str(value) in text.split(",")
    if column.data_type == "PERIOD":
        return _is_within(moment(value), text) if value else False
    if column.data_type == "BOOLEAN":
        return value is (text == "true")
    return value is not None and str(value) == text


def _is_within(at: datetime, text: str) -> bool:
    first, slash, last = text.partition("/")
    try:
        if not slash:
            return at.date() == moment(first).date()
        return (not first or at >= moment(first)) and (not last or at <= moment(last))
    except ValueError:
        raise Refused("SIM-004", f"The period cannot be read: {text}") from None


def _whole(args: Mapping[str, str], name: str, default: int) -> int:
    text = args.get(name, "")
    if not text:
        return default
    if not (text.isdecimal() and len(text) < 10 and int(text) > 0):
        raise Refused("SIM-004", f"{name} must be a positive whole number.")
    return int(text)


# --- orders ---------------------------------------------------------------------------------------


def order_shape(order: Order, store: Store) -> dict[str, Any]:
    """`GET order`: rows as a map by row id; what is not set is left out."""
    net, tax = total(order)
    shape: dict[str, Any] = {
        "id": order.order_id,
        "orderTypeCode": order.type_code,
        "reference": order.ref,
        "state": {"tax": order.price_mode},
        "orderStatus": {"orderStatusId": order.status_id, "name": "Returned"},
        "orderPaymentStatus": "UNPAID",
        "placedOn": stamp(order.placed_on),
        "createdOn": stamp(order.created_on),
        "updatedOn": stamp(order.updated_on),
        "priceModeCode": order.price_mode,
        "invoices": _invoices(order),
        "currency": {
            "accountingCurrencyCode": store.configuration["baseCurrencyCode"],
            "orderCurrencyCode": order.currency,
            "exchangeRate": "1.000000",
        },
        "totalValue": {"net": text(net), "taxAmount": text(tax), "total": text(net + tax)},
        "assignment": {"current": {"channelId": order.channel_id}},
        "parties": {"customer": {"contactId": order.contact_id}},
        "orderRows": {
            str(row.row_id): order_row_shape(row, order, store) for row in order.rows.values()
        },
        "warehouseId": order.warehouse_id,
    }
    if order.parent_id:
        shape["parentOrderId"] = order.parent_id
    if order.external_ref:
        shape["externalRef"] = order.external_ref
    return shape


def order_row_shape(row: Row, order: Order, store: Store) -> dict[str, Any]:
    product = store.products.get(row.product_id, {})
    is_bundle = bool(product.get("components"))
    shape: dict[str, Any] = {
        "orderRowSequence": str(row.row_id),
        "productName": row.name,
        "quantity": {"magnitude": text(row.quantity)},
        "rowValue": {
            "taxCode": row.tax_code,
            "rowNet": {"currencyCode": order.currency, "value": text(row.net)},
            "rowTax": {"currencyCode": order.currency, "value": text(row.tax)},
        },
        "nominalCode": row.nominal_code,
        "composition": {
            "bundleParent": is_bundle,
            "bundleChild": bool(row.parent_row_id),
            "parentOrderRowId": row.parent_row_id,
        },
    }
    if row.product_id:
        shape["productId"] = row.product_id
        shape["productSku"] = product.get("sku", "")
        cost = Decimal(str(product.get("cost", 0)))
        currency = store.configuration["baseCurrencyCode"]
        shape["itemCost"] = {"currencyCode": currency, "value": text(cost)}
    if row.external_ref:
        shape["externalRef"] = row.external_ref
    return shape


def sales_shape(order: Order, store: Store) -> dict[str, Any]:
    """`GET sales-order` and `GET sales-credit`: flat, rows in no order to rely on."""
    net, tax = total(order)
    contact = store.contacts.get(order.contact_id, {})
    shape: dict[str, Any] = {
        "id": order.order_id,
        "customer": {
            "id": order.contact_id,
            "address": {"addressFullName": contact.get("name", "")},
        },
        "ref": order.ref,
        "placedOn": stamp(order.placed_on),
        "taxDate": stamp(order.tax_date),
        "statusId": order.status_id,
        "warehouseId": order.warehouse_id,
        "priceModeCode": order.price_mode,
        "currency": {"code": order.currency, "fixedExchangeRate": False, "exchangeRate": "1.0"},
        "rows": [_sales_row(row, store) for row in reversed(order.rows.values())],
        "total": {"net": text(net), "tax": text(tax), "gross": text(net + tax)},
        "isCanceled": order.is_canceled,
        "createdOn": stamp(order.created_on),
        "updatedOn": stamp(order.updated_on),
    }
    for name, value in (
        ("externalRef", order.external_ref),
        ("parentId", order.parent_id),
        ("channelId", order.channel_id),
        ("invoice", next(iter(_invoices(order)), None)),
    ):
        if value:
            shape[name] = value
    return shape


def _sales_row(row: Row, store: Store) -> dict[str, Any]:
    product = store.products.get(row.product_id, {})
    shape: dict[str, Any] = {
        "id": row.row_id,
        "name": row.name,
        "quantity": text(row.quantity),
        "taxCode": row.tax_code,
        "net": text(row.net),
        "tax": text(row.tax),
        "nominalCode": row.nominal_code,
        "discountPercentage": text(row.discount_percentage),
        "sequence": row.row_id,
        "bundleParent": bool(product.get("components")),
        "bundleChild": bool(row.parent_row_id),
    }
    if row.product_id:
        shape["productId"] = row.product_id
        shape["sku"] = product.get("sku", "")
    if row.price is not None:
        shape["productPrice"] = text(row.price)
    if row.parent_row_id:
        shape["parentRowId"] = row.parent_row_id
    if row.external_ref:
        shape["externalRef"] = row.external_ref
    return shape


def _invoices(order: Order) -> list[dict[str, Any]]:
    if not order.invoice:
        return []
    day = stamp(order.invoiced_on or order.tax_date)
    return [{"invoiceReference": order.invoice, "taxDate": day, "dueDate": day}]


def total(order: Order) -> tuple[Decimal, Decimal]:
    rows = order.rows.values()
    return sum((row.net for row in rows), Decimal(0)), sum((row.tax for row in rows), Decimal(0))


def units(order: Order) -> int:
    """Goods on an order; the parts of a bundle are their bundle's."""
    rows = [row for row in order.rows.values() if row.product_id and not row.parent_row_id]
    return sum(int(row.quantity) for row in rows)


def text(value: Decimal) -> str:
    """An amount as its answers write it: text with four places."""
    return f"{value:.4f}"
