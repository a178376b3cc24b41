"""ReturnGO: its own records are the plain ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.base import Twin
from connectors.sandbox.kits.kit import Access, Record
from connectors.sandbox.returngo import ReturnGoTwin


class ReturnGoKit:
    system = "returngo"
    holds_orders = False

    def twin(self, **options: Any) -> Twin:
        return ReturnGoTwin(**options)

    def access(self, credentials: Mapping[str, str]) -> Access:

        return Access(
            settings={"shop_name": credentials["shop_name"]},
            secrets={"api_key": credentials["api_key"]},
        )

    def loads(self, records: Record) -> Record:
        return {"rmas": records.get("rmas", ())}

    def external_id(self, rma_id: str) -> str:
        return rma_id

    def unit_id(self, rma_id: str, item_id: str) -> str:
        return item_id
