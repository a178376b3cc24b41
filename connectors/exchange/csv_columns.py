"""The columns of each content of the generic CSV layout."""

from __future__ import annotations

from connectors.exchange.csv_table import Column, Type
from connectors.exchange.shapes import LineResult
from connectors.types import DocumentKind

ACKNOWLEDGEMENT, RECEIPTS, REGRADES = "acknowledgement", "receipts", "regrades"

# The verdicts on a whole batch; the first two say that it could be read or not, and decide nothing.
READ, UNREADABLE = "read", "unreadable"
ACCEPTED, REJECTED = LineResult.ACCEPTED.value, LineResult.REJECTED.value

# One row for each line of a document; what concerns the whole document is in each of its rows.
DOCUMENTS = (
    Column("document", Type.WHOLE, is_needed=True),
    Column("key", is_needed=True),
    Column("date", Type.WHEN, is_needed=True),
    Column("rma_number"),
    Column("authorisation_number"),
    Column("authorisation_id"),
    Column("credit_id"),
    Column("order_number"),
    Column("order_id"),
    Column("invoice_number"),
    Column("division"),
    Column("warehouse"),
    Column("customer_code"),
    Column("currency"),
    Column("tender"),
    Column("reference"),
    Column("note", Type.WORDS),
    Column("document_lines", Type.WHOLE, is_needed=True),
    Column("document_gross", Type.MONEY, is_needed=True),
    Column("line", Type.WHOLE, is_needed=True),
    Column("component", is_needed=True),
    Column("sku"),
    Column("item_id"),
    Column("item_parts"),
    Column("quantity", Type.WHOLE, is_needed=True, is_summed=True),
    Column("order_line"),
    Column("description", Type.WORDS),
    Column("reason"),
    Column("bucket"),
    Column("unit_price", Type.MONEY),
    Column("net", Type.MONEY, is_needed=True, is_summed=True),
    Column("tax", Type.MONEY, is_needed=True, is_summed=True),
    Column("tax_code"),
    Column("taxes"),
    Column("charge_code"),
)

# `line` is the document's place in the batch; a row without line and key speaks of the whole batch.
ACKNOWLEDGEMENTS = (
    Column("batch", Type.WHOLE, is_needed=True),
    Column("line", Type.WHOLE),
    Column("key"),
    Column("result", is_needed=True),
    Column("code"),
    Column("field"),
    Column("text", Type.WORDS),
    Column("erp_id"),
    Column("number"),
)

ARRIVED = (
    Column("receipt_number", is_needed=True),
    Column("authorisation", is_needed=True),
    Column("received_at", Type.WHEN, is_needed=True),
    Column("warehouse", is_needed=True),
    Column("sku", is_needed=True),
    Column("quantity", Type.WHOLE, is_needed=True, is_summed=True),
    Column("condition"),
    Column("damage_reason"),
    Column("line"),
)

REGRADED = (
    Column("number", is_needed=True),
    Column("at", Type.WHEN, is_needed=True),
    Column("sku", is_needed=True),
    Column("quantity", Type.WHOLE, is_needed=True, is_summed=True),
    Column("reason", is_needed=True),
    Column("from_condition"),
    Column("to_condition"),
    Column("receipt_number"),
    Column("authorisation"),
    Column("warehouse"),
)

INCOMING = {ACKNOWLEDGEMENT: ACKNOWLEDGEMENTS, RECEIPTS: ARRIVED, REGRADES: REGRADED}
OUTGOING = {kind.value: DOCUMENTS for kind in DocumentKind}
