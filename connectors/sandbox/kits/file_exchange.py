"""A partner of files: its records are the plain ones, its folder one below the configured root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.sandbox.base import Twin
from connectors.sandbox.file_partner import FilePartnerTwin
from connectors.sandbox.kits.kit import Access, Booked, Record
from connectors.types import DocumentKind

FOLDER = "depot"


class FileExchangeKit:
    system = "file_exchange"

    def twin(self, **options: Any) -> Twin:
        return FilePartnerTwin(**options)

    def access(self, credentials: Mapping[str, str]) -> Access:
        return Access(settings={"minimum_age_seconds": "0"}, address=f"folder:{FOLDER}")

    def loads(self, records: Record) -> Record:
        return records

    def check_in(self, key: str) -> Record | None:
        """All that the authorisation announced comes in."""
        return {"arrivals": [{"authorisation": key}]}

    def booked(self, documents: Sequence[Record]) -> tuple[Booked, ...]:
        return tuple(
            Booked(
                key=row["key"],
                kind=DocumentKind(row["kind"]),
                number=row["number"],
                units=row["units"],
                gross=Decimal(row["gross"]),
                is_final=True,
            )
            for row in documents
        )
