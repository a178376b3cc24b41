"""ReturnGO's wire form of our sandbox records: the vendor's field names, our values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors import wire_json
from connectors.sandbox.returngo_records import RmaRecord, TransactionRecord, moment

# Stands for a unit's id while the facts its siblings share are written once.
_UNIT_MARK = "\x00unit\x00"
_ENCODED_MARK = wire_json.encode(_UNIT_MARK)


def list_row(record: RmaRecord) -> dict[str, Any]:
    """No dates of the return: a watermark cannot be taken from a list."""
    return {
        "rmaId": record.rma_id,
        "status": record.status,
        "order_name": str(record.facts.get("order_name", "")),
        "events": list(_events(record)),
    }


def detail(record: RmaRecord, transactions: list[TransactionRecord], *, has_drift: bool) -> bytes:
    """The whole return as JSON. Units are written as text, so 20,000 of them take no time."""
    order_name = str(record.facts.get("order_name", ""))
    currency = str(record.facts.get("currency", ""))
    head = {
        "rmaSummary": list_row(record),
        "orderDetails": {
            "orderId": str(record.facts.get("order_id", "")),
            "order_name": order_name,
        },
        "shipments": [_shipment(record, row) for row in record.rows("shipments")],
        "comments": [_comment(row) for row in record.comments],
        "exchangeOrders": [_exchange_order(row) for row in record.rows("exchange_orders")],
        "exchangeItems": [],
        "cancellationFee": number(record.facts.get("cancellation_fee")),
        "transactions": [transaction(row, record, has_drift=has_drift) for row in transactions],
        "createdAt": stamp(record.created_at),
        "lastUpdated": stamp(record.updated_at),
        "isOutOfPolicy": flag(record.facts.get("is_out_of_policy"), has_drift=has_drift),
    }
    units = ",".join(
        text
        for item in record.rows("items")
        for text in _unit_texts(record, item, currency=currency, has_drift=has_drift)
    )
    return f'{wire_json.encode(head)[:-1]}, "items": [{units}]}}'.encode()


def transaction(row: TransactionRecord, owner: RmaRecord, *, has_drift: bool) -> dict[str, Any]:
    facts = row.facts
    quantities = {item["item_id"]: item.get("quantity") for item in owner.rows("items")}
    units = [
        unit_id
        for item_id in facts.get("item_ids") or ()
        for unit_id in unit_ids(str(item_id), quantities.get(item_id))
    ]
    return {
        "id": identifier(facts["id"], has_drift=has_drift),
        "type": facts.get("type", "RefundToPaymentMethod"),
        "externalReferenceId": facts.get("external_reference_id") or "",
        "externalReferenceType": facts.get("external_reference_type", "PlatformRefundId"),
        "amount": money(facts.get("amount"), str(owner.facts.get("currency", ""))),
        "status": facts.get("status", "Success"),
        "processor": facts.get("processor", "Shopify"),
        "bankAccountDetails": facts.get("bank_account_details"),
        "returnItemIds": [identifier(unit_id, has_drift=has_drift) for unit_id in units],
        "createdAt": stamp(row.created_at),
        "lastUpdated": stamp(row.updated_at),
    }


def unit_ids(item_id: str, quantity: int | None) -> Iterator[str]:
    """The ids of a record's units: its own without a quantity, else numbered from 1."""
    if quantity is None:
        yield item_id
        return
    for position in range(1, quantity + 1):
        yield f"{item_id}-{position}"


def stamp(value: datetime) -> str:
    return value.isoformat(timespec="seconds")


def number(value: object) -> Decimal | int:
    if value is None:
        return 0
    return value if isinstance(value, int | Decimal) else Decimal(str(value))


def money(value: object, currency: str) -> object:
    """A Money object; a record may bring its own to give two currencies."""
    if value is None or isinstance(value, Mapping):
        return value
    return {
        "amount": number(value),
        "currency": currency,
        "shopAmount": number(value),
        "shopCurrency": currency,
    }


def flag(value: object, *, has_drift: bool) -> bool | int:
    """The schema says boolean; real answers were seen to say 0 and 1."""
    return int(bool(value)) if has_drift else bool(value)


def identifier(value: object, *, has_drift: bool) -> str | int:
    """The schema says text; real answers were seen to give numbers."""
    text = str(value)
    is_number = text.isascii() and text.isdigit() and not text.startswith("0")
    return int(text) if has_drift and is_number else text


def _unit_texts(
    record: RmaRecord, item: Mapping[str, Any], *, currency: str, has_drift: bool
) -> Iterator[str]:
    unit = _unit(record, item, currency=currency, has_drift=has_drift)
    template = wire_json.encode(unit)
    for unit_id in unit_ids(str(item["item_id"]), item.get("quantity")):
        yield template.replace(_ENCODED_MARK, wire_json.encode(unit_id))


def _unit(
    record: RmaRecord, item: Mapping[str, Any], *, currency: str, has_drift: bool
) -> dict[str, Any]:
    unit = {
        "returnedItemId": _UNIT_MARK,
        "shopLineItemId": str(item.get("line_item_id", "")),
        "shopProductId": str(item.get("product_id", "")),
        "variantId": str(item.get("variant_id", "")),
        "sku": str(item.get("sku", "")),
        "shipmentId": str(item.get("shipment_id") or _inbound_shipment(record)),
        "fullName": str(item.get("name", "")),
        "productName": str(item.get("name", "")),
        "image": None,
        "paidPrice": money(item.get("paid_price"), currency),
        "paidTax": money(item.get("paid_tax"), currency),
        "taxIncluded": bool(item.get("tax_included", True)),
        "restockingFee": number(item.get("restocking_fee")),
        "returnFee": number(item.get("return_fee")),
        "shipmentFee": number(item.get("shipment_fee")),
        "returnReason": str(item.get("reason", "")),
        "extendedReason": str(item.get("extended_reason", "")),
        "followUpQuestions": [],
        "resolutionType": str(item.get("resolution_type", "RefundToPaymentMethod")),
        "resolutionName": str(item.get("resolution_name", "")),
        "policyRuleName": str(item.get("policy_rule_name", "")),
        "isAutoApprove": flag(item.get("is_auto_approve"), has_drift=has_drift),
        "returnMethod": _method(item.get("return_method")),
        "itemValidationStatusResponse": _validation(record, item.get("validation")),
        "exchangeItems": list(item.get("exchange_items") or ()),
    }
    # With drift, what is empty is left out, as two documented keys were in a real answer.
    for key, name in (("barcode", "barcode"), ("variantName", "variant_name")):
        if item.get(name) or not has_drift:
            unit[key] = str(item.get(name) or "")
    return unit


def _inbound_shipment(record: RmaRecord) -> str:
    inbound = (row for row in record.rows("shipments") if not row.get("is_outbound"))
    return str(next(inbound, {}).get("shipment_id", ""))


def _method(value: object) -> object:
    if isinstance(value, Mapping):
        return value
    text = str(value or "Ship with any carrier")
    return {"type": text, "name": text}


def _validation(record: RmaRecord, found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Before any inspection both flags are false and everything else is null."""
    found_or_empty = found or {}
    at = moment(found_or_empty.get("at") or record.updated_at) if found else None
    return {
        "returnedItemId": _UNIT_MARK,
        "isReturned": bool(found_or_empty.get("is_returned", found is not None)),
        "isRestockable": bool(found_or_empty.get("is_restockable", found is not None)),
        "nonReturnedReason": found_or_empty.get("non_returned_reason"),
        "nonRestockableReason": found_or_empty.get("non_restockable_reason"),
        "storeLocationId": found_or_empty.get("store_location_id"),
        "lastValidationDate": stamp(at) if at else None,
        "lastValidatedBy": found_or_empty.get("by"),
        "thirdPartyName": None,
        "userDetails": None,
    }


def _shipment(record: RmaRecord, row: Mapping[str, Any]) -> dict[str, Any]:
    customer = record.facts.get("customer") or {}
    return {
        "shipmentId": str(row["shipment_id"]),
        "status": row.get("status", "Pending"),
        "carrierName": row.get("carrier"),
        "requestedServiceLevel": None,
        "actualServiceLevel": None,
        "trackingNumber": row.get("tracking_number"),
        "trackingURL": row.get("tracking_url"),
        "labelURL": row.get("label_url"),
        "customerAddress": {"name": customer.get("name", ""), "email": customer.get("email", "")},
        "returnAddress": row.get("return_address"),
        "isOutbound": bool(row.get("is_outbound", False)),
    }


def _events(record: RmaRecord) -> Iterator[dict[str, Any]]:
    rows = record.rows("events") or ({"name": "RMA_CREATED", "at": record.created_at},)
    for row in rows:
        first, _, last = str(row.get("user") or "").partition(" ")
        yield {
            "eventName": row.get("name", ""),
            "eventDate": stamp(moment(row.get("at") or record.created_at)),
            "triggeredVia": row.get("via", "Return Portal"),
            "storeLocationId": row.get("location", "online"),
            "userDetails": {"userFirstName": first, "userLastName": last} if first else None,
        }


def _comment(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "commentType": row.get("type", "merchant"),
        "triggeredBy": row.get("by", ""),
        "htmlText": row.get("text", ""),
        "datetime": stamp(moment(row["at"])) if row.get("at") else None,
    }


def _exchange_order(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "draftOrderId": row.get("draft_order_id"),
        "orderId": row.get("order_id"),
        "orderName": row.get("order_name"),
        "type": row.get("type", ""),
    }
