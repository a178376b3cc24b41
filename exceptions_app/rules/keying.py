"""Documents a person keys into the ERP: how long they are one person's, when they are late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from connectors.errors import RejectionCode
from exceptions_app.choices import MONEY_KINDS
from exceptions_app.rules.facts import Policy

# Who took a document and left it does not keep it from others for longer.
KEPT_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a document could not be keyed; `refusal` is what the ERP would have answered a call."""

    code: str
    label: str
    refusal: str
    field: str = ""


REASONS = (
    Reason("item", "The ERP does not know a SKU", RejectionCode.UNKNOWN_ITEM, "sku"),
    Reason("inactive", "The ERP says a SKU is inactive", RejectionCode.INACTIVE_ITEM, "sku"),
    Reason("order", "The ERP does not know the order", RejectionCode.UNKNOWN_ORDER, "order_number"),
    Reason(
        "warehouse",
        "The ERP does not know the warehouse",
        RejectionCode.UNKNOWN_WAREHOUSE,
        "warehouse",
    ),
    Reason("quantity", "The ERP allows fewer units", RejectionCode.QUANTITY, "quantity"),
    Reason("period", "The period is closed", RejectionCode.PERIOD_CLOSED, "date"),
    Reason("other", "Something else", RejectionCode.UNCLASSIFIED),
)
ABOUT_SKUS = ("item", "inactive")


def limit(policy: Policy, kind: str) -> timedelta:
    """How long a document may wait for its keying: as long as the bridge waits for any such one."""
    is_money = kind in MONEY_KINDS
    return timedelta(hours=policy.credit_grace_hours if is_money else policy.receipt_grace_hours)
