"""A book in memory, a layout anybody can read, and drafts that differ by their key."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal

from connectors import errors, types
from connectors.exchange.book import BatchState, BookedBatch, BookedLine
from connectors.types import DocumentKind

NOW = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
CREDIT = DocumentKind.CREDIT_MEMO
AUTHORISATION = DocumentKind.RETURN_AUTHORISATION


def make_draft(key="CM-1", kind=CREDIT, **changes):
    line = types.DraftLine(
        line_no=1,
        component="item",
        sku="DRESS-RED-M",
        item_erp_id="DRESS-RED-M",
        quantity=1,
        order_line_id="77001",
        reason_code="TOO_SMALL",
        bucket="QA",
        unit_price=Decimal("30.00"),
        net=Decimal("25.00"),
        tax=Decimal("5.00"),
        tax_code="S",
    )
    values = {
        "kind": kind,
        "key": key,
        "date": date(2026, 3, 5),
        "division": "WOM",
        "warehouse": "LDN",
        "customer_code": "WEB",
        "currency": "GBP",
        "rma_number": "RMA5001",
        "order_number": "#1001",
        "order_erp_id": "#1001",
        "invoice_number": "INV9",
        "authorisation_number": "",
        "note": "",
        "lines": (line,),
        **changes,
    }
    return types.DocumentDraft(**values)


class JsonLayout:
    """One JSON text; a draft whose note is "!" cannot be expressed."""

    version = "json-1"
    file_suffix = ".json"
    kinds = frozenset({"credit_memo", "return_authorisation"})

    def build(self, batch):
        for draft in batch.drafts:
            if draft.note == "!":
                raise errors.Rejected(
                    "! cannot be written", code="unclassified", field="note", value=draft.key
                )
        return json.dumps([batch.number, [draft.key for draft in batch.drafts]]).encode()


class MemoryBook:
    """An `ExchangeBook` whose batches are a list; `answers` are what the partner said, by key."""

    def __init__(self):
        self.batches: list[BookedBatch] = []
        self.drafts = {}
        self.answers = {}
        self.begun = 0

    def standing(self, kind, keys):
        return tuple(
            each for each in self.batches if each.kind is kind and set(each.keys) & {*keys}
        )

    def begin(self, *, kind, drafts, made_at, build, name):
        standing = self.standing(kind, [draft.key for draft in drafts])
        if standing:
            return standing[0]
        number = len(self.batches) + 17
        content = build(number)
        self.batches.append(
            BookedBatch(
                number=number,
                kind=kind,
                name=name(number),
                content=content,
                sha256=hashlib.sha256(content).hexdigest(),
                keys=tuple(draft.key for draft in drafts),
                state=BatchState.BUILT,
                made_at=made_at,
            )
        )
        self.drafts.update({draft.key: draft for draft in drafts})
        return self.batches[-1]

    def delivered(self, number):
        self._to(number, BatchState.DELIVERED)

    def lines(self, kind, keys):
        return {
            key: self._line(batch, key)
            for batch in self.batches
            for key in batch.keys
            if key in keys and batch.kind is kind
        }

    def arrivals(self, authorisation_ids):
        return ()

    def _to(self, number, state):
        for place, batch in enumerate(self.batches):
            if batch.number == number:
                values = {name: getattr(batch, name) for name in BookedBatch.__slots__}
                self.batches[place] = BookedBatch(**{**values, "state": state})

    def _line(self, batch, key):
        draft = self.drafts[key]
        answer = {
            "result": None,
            "code": "",
            "field": "",
            "text": "",
            "erp_id": "",
            "number": "",
            "answered_at": None,
            **self.answers.get(key, {}),
        }
        return BookedLine(
            key=key,
            kind=batch.kind,
            batch_number=batch.number,
            batch_name=batch.name,
            batch_state=batch.state,
            units=draft.units,
            gross=draft.gross,
            tax=draft.tax,
            currency=draft.currency,
            warehouse=draft.warehouse,
            division=draft.division,
            **answer,
        )
