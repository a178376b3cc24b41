"""ReturnGO: its own records are the plain ones."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.base import Twin
from connectors.sandbox.kits.kit import Access, Record
from connectors.sandbox.returngo import ReturnGoTwin


class ReturnGoKit:
    system = "returngo"

    def twin(self, **options: Any) -> Twin:
        return ReturnGoTwin(**options)

    def access(self, twin: Twin) -> Access:
        keys = twin.credentials()
        return Access(
            settings={"shop_name": keys["shop_name"]}, secrets={"api_key": keys["api_key"]}
        )

    def loads(self, records: Record) -> Record:
        return {"rmas": records.get("rmas", ())}

    def external_id(self, rma_id: str) -> str:
        return rma_id
