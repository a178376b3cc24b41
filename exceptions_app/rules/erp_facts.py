"""What an ERP can do, and what its own staff did: frozen facts beside those of `rules.facts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.types import OperationSupport


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

    def can_create(self, kind: str) -> bool:
        """Whether a document of this kind can be made at all, by us or by a person."""
        return self.creates.get(kind) != OperationSupport.UNSUPPORTED

    def is_manual(self, kind: str) -> bool:
        return self.creates.get(kind) == OperationSupport.MANUAL


@dataclass(frozen=True, slots=True)
class ErpReceiptLineFact:
    """Units on a receipt of the ERP; the words are as in `connectors.types.ErpReceiptLine`."""

    sku: str
    quantity: int
    place: str
    line_id: str = ""


@dataclass(frozen=True, slots=True)
class ErpReceiptFact:
    """Goods the ERP's own staff checked in against this return's authorisation."""

    external_id: str
    warehouse: str
    received_at: datetime
    lines: tuple[ErpReceiptLineFact, ...]
    number: str = ""
