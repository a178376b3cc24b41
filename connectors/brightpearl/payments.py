"""A refund as a customer payment out of the account.

Documented: `paymentType` PAYMENT is money out; `transactionRef` and `paymentMethodCode` together
are unique, so the reference is our key; a search tells the amount as receipts less payments. A
journal is only written where a payment method of this code has a bank account in this currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.brightpearl import reading
from connectors.brightpearl.salescredits import at_noon
from connectors.errors import Rejected, RejectionCode
from connectors.types import (
    DocumentDraft,
    DocumentKind,
    DocumentState,
    DocumentStatus,
    Evidence,
)

COLUMNS = (
    "paymentId",
    "transactionRef",
    "paymentMethodCode",
    "paymentType",
    "orderId",
    "currencyCode",
    "amountPaid",
    "createdOn",
)
_LONGEST_REFERENCE = 64
_LONGEST_METHOD = 36


def body(draft: DocumentDraft, credit_id: int) -> dict[str, Any]:
    """The payment to create.

    Raises:
        Rejected: no payment method, or a text longer than its field.
    """
    method = next((line.charge_code for line in draft.lines if line.charge_code), "")
    if not method or len(method) > _LONGEST_METHOD:
        raise Rejected(
            f"'{method}' is no payment method Brightpearl could have.",
            code=RejectionCode.UNCLASSIFIED,
            field="payment_method",
            value=method,
        )
    if len(draft.key) > _LONGEST_REFERENCE:
        raise Rejected(
            "Our key is longer than a transaction reference may be.",
            code=RejectionCode.UNCLASSIFIED,
            field="key",
            value=draft.key,
        )
    found = {
        "paymentType": "PAYMENT",
        "orderId": credit_id,
        "paymentMethodCode": method,
        "currencyIsoCode": draft.currency,
        "amountPaid": f"{draft.gross:f}",
        "paymentDate": at_noon(draft.date),
        "transactionRef": draft.key,
        "journalRef": f"Return {draft.rma_number}",
    }
    if draft.reference:
        found["transactionCode"] = draft.reference
    return found


def state(row: Mapping[str, Any], evidence: Evidence | None) -> DocumentState:
    """A row of the search as the refund record it is."""
    payment_id = reading.text(row, "paymentId")
    return DocumentState(
        kind=DocumentKind.REFUND_RECORD,
        key=reading.text(row, "transactionRef"),
        external_id=payment_id,
        number=payment_id,
        status=DocumentStatus.POSTED,
        units=0,
        gross=-reading.amount(row, "amountPaid"),
        currency=reading.text(row, "currencyCode"),
        warehouse="",
        division="",
        posted_at=reading.moment(row, "createdOn"),
        url="",
        evidence=evidence,
    )
