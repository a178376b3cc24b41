"""Write-offs: stock corrections with a negative quantity, led by our key in their reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors import errors
from connectors.brightpearl import reading, salescredits, stock
from connectors.brightpearl.client import BrightpearlClient, id_sets
from connectors.brightpearl.courier import Courier, Message, Outcomes, rendered, settled
from connectors.brightpearl.reference import Reference
from connectors.brightpearl.stock import Correction
from connectors.types import DocumentDraft, DocumentRef, DocumentState, DocumentStatus, Receipt

# How far back from the newest one a correction without a known id is looked for.
_LOOK_BACK = timedelta(days=30)
_MOST_PAGES = 40
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_NO_REFS: Mapping[str, DocumentRef] = {}


class WriteOffDesk:
    def __init__(
        self, *, client: BrightpearlClient, courier: Courier, reference: Reference
    ) -> None:
        self._client = client
        self._courier = courier
        self._reference = reference

    def write_off(self, drafts: Sequence[DocumentDraft]) -> Outcomes:
        """Reads first: nothing in Brightpearl keeps one correction from being made twice."""
        there = {state.key: state for state in self._recent([draft.key for draft in drafts])}

        def render(draft: DocumentDraft) -> Message:
            places = self._reference.places(salescredits.warehouse_id(draft))
            body = stock.correction(draft, places, self._products(draft))
            path = f"/warehouse-service/warehouse/{places.warehouse_id}/stock-correction"
            return Message(draft.key, "POST", path, body)

        prepared = rendered([draft for draft in drafts if draft.key not in there], render)
        ready = [row for row in prepared.values() if isinstance(row, Message)]
        sent = self._courier.send("create_stock_correction", ready, is_repeatable=False)
        found = {key: _there(state) for key, state in there.items()}
        return settled(
            drafts,
            {**prepared, **sent, **found},
            self._corrected,
            lambda doubted: frozenset(
                state.key for state in self._recent([draft.key for draft in doubted])
            ),
        )

    def preview(self, draft: DocumentDraft) -> dict[str, Any]:
        """The correction, but for the location's id."""
        return {
            "corrections": [
                {
                    "quantity": -line.quantity,
                    "productId": line.item_erp_id,
                    "reason": f"[{draft.key}] {draft.note}",
                    "locationId": stock.named_place(line),
                }
                for line in draft.lines
            ]
        }

    def _corrected(self, draft: DocumentDraft, response: object) -> Receipt | errors.ConnectorError:
        ids = response if isinstance(response, list) else []
        if not ids or not all(isinstance(note, int) for note in ids):
            return errors.OutcomeUnknown(
                "The answer to a correction has no ids.", evidence=self._client.last_evidence
            )
        external_id = stock.correction_id(salescredits.warehouse_id(draft), ids)
        return Receipt(
            external_id,
            external_id.rpartition("/")[2],
            DocumentStatus.POSTED,
            "",
            self._client.last_evidence,
        )

    def find(
        self, keys: Sequence[str], refs: Mapping[str, DocumentRef] | None
    ) -> list[DocumentState]:
        """By id one call per warehouse; else the corrections of the last month are read."""
        known = refs or _NO_REFS
        by_warehouse: dict[int, list[int]] = {}
        lost = []
        for key in keys:
            place = stock.parse_correction_id(known.get(key, DocumentRef()).external_id)
            if place is None:
                lost.append(key)
            else:
                by_warehouse.setdefault(place[0], []).extend(place[1])
        wanted = set(keys)
        found = [row for row in self._corrections(by_warehouse) if row.key in wanted]
        states = stock.correction_states(found, self._client.last_evidence)
        return [*states, *self._recent(lost)]

    def _recent(self, keys: Sequence[str]) -> list[DocumentState]:
        """Corrections under `keys` made within a month of the newest one there.

        Raises:
            UnreadableReply: more movements than are read, and a key not among them: it may be
                further back.
        """
        if not keys:
            return []
        wanted, found, newest = set(keys), dict[int, Correction](), _LONG_AGO
        first = 1
        for _ in range(_MOST_PAGES):
            found_page = self._client.page(
                "find_stock_corrections",
                "/warehouse-service/goods-movement-search",
                columns=("goodsMovementId", "goodsNoteId", "warehouseId", "updatedOn"),
                filters=[("goodsNoteTypeCode", "SC")],
                sort="goodsMovementId",
                first=first,
                is_newest_first=True,
            )
            rows = found_page.rows
            first += len(rows)
            found.update(self._corrections_among(rows, wanted))
            moments = [at for row in rows if (at := reading.moment(row, "updatedOn"))]
            newest = max([newest, *moments])
            is_far_back = min([newest, *moments]) < newest - _LOOK_BACK
            if found_page.is_last or is_far_back or wanted <= {row.key for row in found.values()}:
                return stock.correction_states(found.values(), self._client.last_evidence)
        raise errors.UnreadableReply(
            "There are more stock corrections than can be looked through.",
            evidence=self._client.last_evidence,
        )

    def _corrections_among(
        self, rows: Sequence[Mapping[str, Any]], wanted: set[str]
    ) -> dict[int, Correction]:
        by_warehouse: dict[int, list[int]] = {}
        for row in rows:
            ids = by_warehouse.setdefault(reading.whole(row, "warehouseId"), [])
            ids.append(reading.whole(row, "goodsNoteId"))
        return {row.note_id: row for row in self._corrections(by_warehouse) if row.key in wanted}

    def _corrections(self, by_warehouse: Mapping[int, Sequence[int]]) -> list[Correction]:
        found = []
        for warehouse_id, note_ids in by_warehouse.items():
            for ids_text in id_sets(note_ids):
                path = f"/warehouse-service/warehouse/{warehouse_id}/stock-correction/{ids_text}"
                found.extend(
                    stock.read_corrections(self._client.read("read_stock_corrections", path))
                )
        return found

    def _products(self, draft: DocumentDraft) -> list[int]:
        return [self._reference.product_id(line) for line in draft.lines]


def _there(state: DocumentState) -> errors.OutcomeUnknown:
    return errors.OutcomeUnknown(
        f"Brightpearl holds a correction under this key already: {state.number}.",
        evidence=state.evidence,
    )
