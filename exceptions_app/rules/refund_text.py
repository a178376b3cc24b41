"""A refund of the money feed as stored text and back, for one that came before its return."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from connectors.types import Money, SourceRefund
from exceptions_app.rules import order_text


def to_bytes(refund: SourceRefund) -> bytes:
    plain = asdict(refund)
    plain["money"] = {"amount": str(refund.money.amount), "currency": refund.money.currency}
    plain["created_at"] = refund.created_at.isoformat()
    plain["updated_at"] = refund.updated_at.isoformat()
    plain["parts"] = order_text.refund_parts_json(refund.parts)
    plain["tenders"] = order_text.tenders_json(refund.tenders)
    return json.dumps(plain, sort_keys=True).encode()


def from_bytes(text: bytes) -> SourceRefund:
    plain = json.loads(text)
    values = {
        **plain,
        "money": Money(Decimal(plain["money"]["amount"]), plain["money"]["currency"]),
        "created_at": datetime.fromisoformat(plain["created_at"]),
        "updated_at": datetime.fromisoformat(plain["updated_at"]),
        "unit_ids": tuple(plain["unit_ids"]),
        "parts": order_text.refund_parts_from(plain.get("parts", ())),
        "tenders": order_text.tenders_from(plain.get("tenders", ())),
    }
    return SourceRefund(**values)
