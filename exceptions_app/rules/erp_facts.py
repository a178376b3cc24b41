"""What an ERP can do, and what its own staff did: frozen facts beside those of `rules.facts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.types import DocumentKind, GatewayCapabilities, OperationSupport


@dataclass(frozen=True, slots=True)
class ErpFact:
    """What the ERP's gateway says it can do (`connectors.types.GatewayCapabilities`).

    `creates` holds an `OperationSupport` by kind of posting; a kind it does not name is taken for
    supported, so that facts without a gateway plan what every ERP can do. `profile` is the label
    of the profile the connection speaks by, "" where it has none.
    """

    creates: Mapping[str, str] = field(default_factory=dict)
    authorisation_is_credit: bool = False
    can_read_receipts: bool = False
    profile: str = ""
    credits_bundle_parts: bool = True

    def can_create(self, kind: str) -> bool:
        """Whether a document of this kind can be made at all, by us or by a person."""
        return self.creates.get(kind) != OperationSupport.UNSUPPORTED

    def is_manual(self, kind: str) -> bool:
        return self.creates.get(kind) == OperationSupport.MANUAL


def told(capabilities: GatewayCapabilities) -> dict[str, Any]:
    """A gateway's capabilities as they are kept: every kind is named."""
    return {
        "creates": {
            kind.value: capabilities.creates.get(kind, OperationSupport.UNSUPPORTED).value
            for kind in DocumentKind
        },
        "authorisation_is_credit": capabilities.authorisation_is_credit,
        "can_read_receipts": capabilities.can_read_receipts,
        "profile": capabilities.profile,
        "credits_bundle_parts": capabilities.credits_bundle_parts,
    }


def from_told(kept: Mapping[str, Any]) -> ErpFact:
    """What was kept, as the rules take it; nothing kept yet is an ERP that refuses no kind."""
    return ErpFact(
        creates=kept.get("creates", {}),
        authorisation_is_credit=kept.get("authorisation_is_credit", False),
        can_read_receipts=kept.get("can_read_receipts", False),
        profile=kept.get("profile", ""),
        credits_bundle_parts=kept.get("credits_bundle_parts", True),
    )


@dataclass(frozen=True, slots=True)
class ErpReceiptLineFact:
    """Units on a receipt of the ERP; the words are as in `connectors.types.ErpReceiptLine`."""

    sku: str
    quantity: int
    place: str
    line_id: str = ""


@dataclass(frozen=True, slots=True)
class ErpReceiptFact:
    """A receipt of goods against this return's authorisation, as the ERP tells it."""

    external_id: str
    warehouse: str
    received_at: datetime
    lines: tuple[ErpReceiptLineFact, ...]
    number: str = ""
    key: str = ""  # ours, where we made the receipt
