"""BlueCherry: its own records are the plain ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.sandbox.base import Twin
from connectors.sandbox.bluecherry import BlueCherryTwin
from connectors.sandbox.kits.kit import Access, Booked, Record
from connectors.types import DocumentKind

# An adjustment is a write-off or a move; the key's prefix tells which.
_KINDS = {
    "RA": DocumentKind.RETURN_AUTHORISATION,
    "RCV": DocumentKind.STOCK_RECEIPT,
    "CM": DocumentKind.CREDIT_MEMO,
}


class BlueCherryKit:
    system = "bluecherry"

    def twin(self, **options: Any) -> Twin:
        return BlueCherryTwin(**options)

    def access(self, credentials: Mapping[str, str]) -> Access:
        (key,) = credentials.values()
        return Access(settings={"vnd_id": "SANDBOX"}, secrets={"subscription_key": key})

    def loads(self, records: Record) -> Record:
        return records

    def check_in(self, key: str) -> Record | None:
        return None

    def booked(self, documents: Sequence[Record]) -> tuple[Booked, ...]:
        return tuple(
            Booked(
                key=row["ref_num"],
                kind=_kind(row),
                number=row["doc_num"],
                units=row["total_qty"],
                gross=Decimal(row["total_amt"]),
                is_final=row["status"] == "POSTED",
            )
            for row in documents
            if not row["err_code"]
        )


def _kind(row: Record) -> DocumentKind:
    if row["doc_type"] == "ADJ":
        is_off = str(row["ref_num"]).startswith("WO-")
        return DocumentKind.WRITE_OFF if is_off else DocumentKind.STOCK_MOVE
    return _KINDS[row["doc_type"]]
