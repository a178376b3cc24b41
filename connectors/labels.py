"""What a document's values are called where a person keys them; a profile may say otherwise."""

from __future__ import annotations

from collections.abc import Mapping

LABELS: Mapping[str, str] = {
    "key": "Our reference",
    "date": "Date",
    "division": "Division",
    "warehouse": "Warehouse",
    "customer_code": "Customer",
    "currency": "Currency",
    "rma_number": "Return",
    "order_number": "Order",
    "invoice_number": "Invoice",
    "authorisation_number": "Return authorisation",
    "note": "Note",
    "units": "Units in all",
    "net": "Net",
    "tax": "Tax",
    "gross": "Gross",
    "component": "Kind of line",
    "sku": "SKU",
    "description": "Description",
    "quantity": "Quantity",
    "order_line_id": "Order line",
    "reason_code": "Reason",
    "bucket": "Goes to",
    "unit_price": "Unit price",
    "tax_code": "Tax code",
    "tender": "Paid back by",
    "reference": "Payment reference",
}
