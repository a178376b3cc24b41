"""Receipts: goods-in notes of ours, and those of the ERP's own staff."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.brightpearl import salescredits, stock
from connectors.brightpearl.client import BrightpearlClient, id_sets
from connectors.brightpearl.courier import (
    Courier,
    Message,
    Outcomes,
    id_receipt,
    rendered,
    settled,
)
from connectors.brightpearl.credit_desk import CreditDesk, credit_of
from connectors.brightpearl.reference import Reference
from connectors.brightpearl.release_desk import no_credit
from connectors.brightpearl.stock import GoodsIn
from connectors.types import (
    DocumentDraft,
    DocumentKind,
    DocumentRef,
    DocumentState,
    ErpReceipt,
)

# How far back a correction without a known id is looked for, and how many movements are read.
_LOOK_BACK = timedelta(days=30)
_MOST_PAGES = 40
_NO_REFS: Mapping[str, DocumentRef] = {}


class StockDesk:
    def __init__(
        self,
        *,
        client: BrightpearlClient,
        courier: Courier,
        reference: Reference,
        credit_desk: CreditDesk,
    ) -> None:
        self._client = client
        self._courier = courier
        self._reference = reference
        self._credits = credit_desk

    # --- goods-in notes -----------------------------------------------------------------------

    def receive(self, drafts: Sequence[DocumentDraft]) -> Outcomes:
        """One read of the credits' rows, one call; one read more where goods came in before."""
        ids = {draft.key: credit_of(draft.based_on) for draft in drafts}
        wanted = [credit_id for credit_id in ids.values() if credit_id is not None]
        standing = self._credits.read_credits(wanted)
        before = self._notes_of(
            [
                credit_id
                for draft in drafts
                if draft.based_on.get(DocumentKind.STOCK_RECEIPT.value)
                and (credit_id := ids[draft.key]) is not None
            ]
        )

        def render(draft: DocumentDraft) -> Message:
            credit_id = ids[draft.key]
            credit = standing.get(credit_id) if credit_id is not None else None
            if credit is None:
                raise no_credit(draft)
            places = self._reference.places(salescredits.warehouse_id(draft))
            earlier = [note for note in before if note.credit_id == credit_id]
            body = stock.goods_in(draft, credit, earlier, places, self._products(draft))
            path = f"/warehouse-service/order/{credit_id}/goods-note/goods-in"
            return Message(draft.key, "POST", path, body)

        prepared = rendered(drafts, render)
        ready = [row for row in prepared.values() if isinstance(row, Message)]
        answers = {**prepared, **self._courier.send("create_goods_in", ready)}
        return settled(
            drafts, answers, lambda _, response: id_receipt(response, self._client), self._received
        )

    def preview_receipt(self, draft: DocumentDraft) -> dict[str, Any]:
        """The note, but for the rows and locations that only a read can tell."""
        movements = [
            {
                "productId": line.item_erp_id,
                "quantity": line.quantity,
                "destinationLocationId": "default"
                if line.bucket == stock.SALEABLE
                else "quarantine",
            }
            for line in draft.lines
        ]
        return stock.note_body(draft, salescredits.warehouse_id(draft), movements)

    def find_receipts(
        self, keys: Sequence[str], refs: Mapping[str, DocumentRef] | None
    ) -> list[DocumentState]:
        """One call per 200 credits. A key of which nothing else is known cannot be looked for: a
        second note under it is refused as a duplicate. A note keyed by hand is found by its id."""
        known = refs or _NO_REFS
        credit_ids, note_ids = [], []
        by_hand: dict[int, str] = {}
        for key in keys:
            ref = known.get(key, DocumentRef())
            credit_id = credit_of(ref.based_on)
            if credit_id is not None:
                credit_ids.append(credit_id)
            elif ref.external_id.isdigit():
                note_ids.append(int(ref.external_id))
            if ref.number.isdigit():
                by_hand[int(ref.number)] = key
        note_ids.extend(by_hand)
        notes = self._notes_of(credit_ids)
        for ids_text in id_sets(note_ids):
            path = f"/warehouse-service/order/*/goods-note/goods-in/{ids_text}"
            notes.extend(stock.read_notes(self._client.read("read_goods_in", path)))
        evidence = self._client.last_evidence
        wanted = set(keys)
        found = {note.note_id: note for note in notes if note.key in wanted and note.is_alive}
        there = {note.key for note in found.values()}
        for note in notes:
            key = by_hand.get(note.note_id, "")
            if key and key not in there and note.is_alive and not note.key:
                found[note.note_id] = dataclasses.replace(note, key=key)
        return [stock.goods_in_state(note, "", evidence) for note in found.values()]

    def receipts(self, authorisation_ids: Sequence[str]) -> tuple[ErpReceipt, ...]:
        """One call per 200 authorisations; products not seen before are one more."""
        ids = [int(text) for text in authorisation_ids if text.isascii() and text.isdigit()]
        notes = [note for note in self._notes_of(ids) if note.is_alive]
        if not notes:
            return ()
        skus = self._reference.skus(row.product_id for note in notes for row in note.moved)
        places = self._reference.all_places()
        now = datetime.now(UTC)
        found = [stock.receipt(note, skus, places, now) for note in notes]
        # A location that several warehouses share does not tell which it was: the credit does.
        unplaced = [int(row.authorisation_id) for row in found if not row.warehouse]
        standing = self._credits.read_credits(unplaced)
        return tuple(
            row
            if row.warehouse or (credit := standing.get(int(row.authorisation_id))) is None
            else dataclasses.replace(row, warehouse=credit.warehouse)
            for row in found
        )

    def _received(self, drafts: Sequence[DocumentDraft]) -> frozenset[str]:
        refs = {draft.key: DocumentRef(based_on=draft.based_on) for draft in drafts}
        return frozenset(state.key for state in self.find_receipts(list(refs), refs))

    def _notes_of(self, credit_ids: Sequence[int]) -> list[GoodsIn]:
        found = []
        for ids_text in id_sets(credit_ids):
            path = f"/warehouse-service/order/{ids_text}/goods-note/goods-in"
            found.extend(stock.read_notes(self._client.read("read_goods_in", path)))
        return found

    def _products(self, draft: DocumentDraft) -> list[int]:
        return [self._reference.product_id(line) for line in draft.lines]
