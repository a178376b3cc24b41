"""Valid facts to start from: one approved return of one inspected, refunded pair of jeans.

Each `make_*` takes what matters to the test and fills in the rest; amounts may be given as text.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.types import DocumentDraft, DocumentKind, Inspection
from exceptions_app.rules.decisions import Decisions
from exceptions_app.rules.facts import (
    FeeFact,
    FeeTarget,
    ItemFact,
    LineFact,
    LocationTarget,
    Mappings,
    OrderFact,
    OrderLineFact,
    Policy,
    PostingFact,
    RefundFact,
    RmaFacts,
)
from exceptions_app.rules.planning import plan_hash

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
LEEDS = LocationTarget("10", "WH1")
YORK = LocationTarget("10", "WH2")


def make_item(sku: str = "JEANS-32", **changes: Any) -> ItemFact:
    facts: dict[str, Any] = {
        "sku": sku,
        "erp_id": f"E-{sku}",
        "barcode": "",
        "description": sku.title(),
        "division": "10",
        "is_active": True,
        "is_returnable": True,
        "unit_cost": Decimal("20.00"),
        "key_parts": {"style": sku},
    }
    return ItemFact(**(facts | changes))


def make_line(sku: str = "JEANS-32", **changes: Any) -> LineFact:
    """One unit, paid 60.00 with tax in it, graded restockable at Leeds two hours ago."""
    facts: dict[str, Any] = {
        "line_no": 1,
        "order_line_id": "",
        "sku": sku,
        "barcode": "",
        "name": sku.title(),
        "quantity": 1,
        "unit_price": "60.00",
        "unit_tax": "10.00",
        "is_tax_included": True,
        "reason": "Too small",
        "resolution": "RefundToPaymentMethod",
        "inspection": Inspection.PASSED,
        "disposition": "restockable",
        "disposition_at": NOW - timedelta(hours=2),
        "location": "Leeds",
        "items": (make_item(sku),),
    }
    facts |= changes
    for name in ("unit_price", "unit_tax"):
        facts[name] = None if facts[name] is None else Decimal(facts[name])
    return LineFact(**facts)


def make_fee(kind: str = "restocking", amount: str = "5.00") -> FeeFact:
    return FeeFact(kind, Decimal(amount))


def make_order_line(sku: str = "JEANS-32", **changes: Any) -> OrderLineFact:
    """One unit sold for 50.00 and 10.00 tax."""
    facts: dict[str, Any] = {
        "line_id": "1",
        "sku": sku,
        "description": sku.title(),
        "quantity": 1,
        "unit_price": "50.00",
        "discount": "0.00",
        "net": "50.00",
        "tax": "10.00",
        "tax_code": "S20",
    }
    facts |= changes
    for name in ("unit_price", "discount", "net", "tax", "credited_net", "credited_tax"):
        if name in facts:
            facts[name] = Decimal(facts[name])
    return OrderLineFact(**facts)


def make_order(*lines: OrderLineFact, **changes: Any) -> OrderFact:
    facts: dict[str, Any] = {
        "erp_id": "SO-1",
        "number": "1001",
        "customer_code": "C-1",
        "vat_setting": "",
        "currency": "GBP",
        "division": "10",
        "warehouse": "WH1",
        "invoice_number": "INV-1",
        "lines": lines or (make_order_line(),),
    }
    facts |= changes
    for name in facts:
        if name.startswith("shipping_") and name != "shipping_tax_code":
            facts[name] = Decimal(facts[name])
    return OrderFact(**facts)


def make_refund(amount: str = "60.00", **changes: Any) -> RefundFact:
    """Confirmed an hour ago."""
    facts: dict[str, Any] = {
        "external_id": "R-1",
        "status": "confirmed",
        "status_raw": "Success",
        "amount": Decimal(amount),
        "currency": "GBP",
        "confirmed_at": NOW - timedelta(hours=1),
    }
    return RefundFact(**(facts | changes))


def make_mappings(**changes: Any) -> Mappings:
    """All a plain return needs; give a kind to replace it."""
    facts: dict[str, Any] = {
        "disposition": {
            "restockable": "saleable",
            "not_restockable/torn": "damaged",
            "not_restockable/worn out": "disposal",
            "not_restockable/zip": "repair",
            "not_restockable": "quarantine",
            "keep it": "none",
        },
        "reason": {"too small": "TS"},
        "location": {"leeds": LEEDS, "york": YORK},
        "status": {
            "approved": "authorised",
            "done": "closed",
            "pending": "requested",
            "rejected": "refused",
            "canceled": "cancelled",
        },
        "fee": {
            "shipping": FeeTarget("shipping", "FRT"),
            "restocking": FeeTarget("fee", "RSTK"),
            "adjustment": FeeTarget("adjustment", "ADJ"),
        },
    }
    return Mappings(**(facts | changes))


def make_policy(**changes: Any) -> Policy:
    return Policy(**changes)


def make_decisions(**changes: Any) -> Decisions:
    return Decisions(**changes)


def make_facts(*lines: LineFact, **changes: Any) -> RmaFacts:
    """An approved return of `lines` (one plain line when none is given), refunded 60.00."""
    facts: dict[str, Any] = {
        "rma_id": 1,
        "bridge_code": "uk",
        "external_id": "RMA-1",
        "order_name": "1001",
        "currency": "GBP",
        "status_raw": "Approved",
        "logistics": "received",
        "received_at": NOW - timedelta(hours=3),
        "requested_at": NOW - timedelta(days=5),
        "company_date": TODAY,
        "now": NOW,
        "lines": lines or (make_line(),),
        "refunds": (make_refund(),),
        "order": make_order(),
        "locations": frozenset({LEEDS, YORK}),
        "mappings": make_mappings(),
        "decisions": Decisions(),
        "policy": Policy(),
        "postings": (),
    }
    return RmaFacts(**(facts | changes))


def make_draft(kind: str = "credit_memo", **changes: Any) -> DocumentDraft:
    facts: dict[str, Any] = {
        "kind": DocumentKind(kind),
        "key": "",
        "date": TODAY,
        "division": "10",
        "warehouse": "WH1",
        "customer_code": "C-1",
        "currency": "GBP",
        "rma_number": "RMA-1",
        "order_number": "1001",
        "order_erp_id": "SO-1",
        "invoice_number": "INV-1",
        "authorisation_number": "",
        "note": "",
        "lines": (),
    }
    return DocumentDraft(**(facts | changes))


def make_posting(
    slot: str = "credit_memo", draft: DocumentDraft | None = None, **changes: Any
) -> PostingFact:
    """A confirmed posting with its own draft; `draft` decides gross, units and hash."""
    kind = slot.split(":", maxsplit=1)[0]
    facts: dict[str, Any] = {
        "id": 1,
        "slot": slot,
        "kind": kind,
        "status": "confirmed",
        "key": f"{kind}-1",
        "plan_hash": plan_hash(draft) if draft else "",
        "number": "N-1",
        "gross": draft.gross if draft else Decimal(0),
        "units": draft.units if draft else 0,
        "created_at": NOW - timedelta(minutes=90),
        "unknown_since": None,
        "open_type": "",
        "draft": draft,
    }
    return PostingFact(**(facts | changes))
