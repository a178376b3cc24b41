"""Goods-in notes, releases from quarantine and corrections: what is sent, and what stands there.

A goods-in note's `userBatchReference` is unique over all notes (documented): it is our key. A
release and a correction have no such field. A correction keeps its reason, so our key leads it; a
release leaves no text behind at all, so each is followed, in the same multi-message, by a note on
the sales credit that names it. Both are looked for before they are made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.brightpearl import reading
from connectors.brightpearl.reference import DEFAULT, QUARANTINE, Places
from connectors.brightpearl.salescredits import Credit, at_noon
from connectors.errors import Rejected, RejectionCode
from connectors.types import (
    DocumentDraft,
    DocumentKind,
    DocumentState,
    DocumentStatus,
    DraftLine,
    ErpReceipt,
    ErpReceiptLine,
    Evidence,
)

SALEABLE = "saleable"
_LONGEST_REASON = 250
_CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Moved:
    product_id: int
    row_id: int
    quantity: int
    location_id: int


@dataclass(frozen=True, slots=True)
class GoodsIn:
    """A goods-in note as it stands there."""

    note_id: int
    credit_id: int
    key: str
    status: str
    received_at: datetime | None
    moved: tuple[Moved, ...]

    @property
    def is_alive(self) -> bool:
        return self.status != _CANCELLED


def read_notes(response: object) -> list[GoodsIn]:
    """The notes of an answer, which is a map from note id to note (documented)."""
    notes = reading.child({"notes": response}, "notes")
    return [_note(reading.child(notes, note_id)) for note_id in notes]


def _note(raw: Mapping[str, Any]) -> GoodsIn:
    return GoodsIn(
        note_id=reading.whole(raw, "goodsNoteId"),
        credit_id=reading.whole(raw, "orderId"),
        key=reading.text(raw, "userBatchReference"),
        status=reading.text(raw, "goodsNoteStatus"),
        received_at=reading.moment(raw, "receivedOn"),
        moved=tuple(
            Moved(
                reading.whole(row, "productId"),
                reading.optional_whole(row, "purchaseOrderRowId") or 0,
                reading.whole(row, "quantity"),
                reading.whole(row, "destinationLocationId"),
            )
            for row in reading.rows(raw.get("goodsMoved"), "goodsMoved")
        ),
    )


def receipt(
    note: GoodsIn, skus: Mapping[int, str], all_places: Sequence[Places], fallback: datetime
) -> ErpReceipt:
    """A note as the receipt it is. A location that two warehouses share names no warehouse."""
    warehouses = {
        found.warehouse_id
        for found in all_places
        for row in note.moved
        if row.location_id in (found.default, found.quarantine)
    }
    return ErpReceipt(
        external_id=str(note.note_id),
        number=str(note.note_id),
        authorisation_id=str(note.credit_id),
        warehouse=str(warehouses.pop()) if len(warehouses) == 1 else "",
        received_at=note.received_at or fallback,
        lines=tuple(
            ErpReceiptLine(
                sku=skus.get(row.product_id, ""),
                quantity=row.quantity,
                place=_place(row.location_id, all_places),
                line_id=str(row.row_id) if row.row_id else "",
            )
            for row in note.moved
        ),
        key=note.key,
    )


def _place(location_id: int, all_places: Sequence[Places]) -> str:
    """ "default" or "quarantine" of whichever warehouse it is of, else the location's id."""
    if any(location_id == found.quarantine for found in all_places):
        return QUARANTINE
    if any(location_id == found.default for found in all_places):
        return DEFAULT
    return str(location_id)


def destination(line: DraftLine, places: Places) -> int:
    """Saleable goods go to the warehouse's default location, all others to its quarantine."""
    return places.default if line.bucket == SALEABLE else places.quarantine


def named_place(line: DraftLine) -> str:
    """The same in words, before the location's id is known."""
    return DEFAULT if line.bucket == SALEABLE else QUARANTINE


def goods_in(
    draft: DocumentDraft,
    credit: Credit,
    earlier: Iterable[GoodsIn],
    places: Places,
    product_ids: Sequence[int],
) -> dict[str, Any]:
    """The note to create: each line against the rows of the credit that wait for its product.

    Raises:
        Rejected: more units, or another product, than the credit's rows wait for.
    """
    waiting = {row.row_id: int(row.quantity) for row in credit.rows if row.product_id}
    for note in earlier:
        for moved in note.moved:
            if note.is_alive and moved.row_id in waiting:
                waiting[moved.row_id] -= moved.quantity
    movements: list[dict[str, Any]] = []
    for line, product_id in zip(draft.lines, product_ids, strict=True):
        left = line.quantity
        for row in credit.rows:
            units = min(left, waiting.get(row.row_id, 0)) if row.product_id == product_id else 0
            if units > 0:
                waiting[row.row_id] -= units
                left -= units
                movements.append(_movement(row.row_id, product_id, units, row.cost))
                movements[-1]["destinationLocationId"] = destination(line, places)
        if left:
            raise Rejected(
                f"Sales credit {credit.credit_id} waits for {line.quantity - left} of the"
                f" {line.quantity} units of {line.sku}.",
                code=RejectionCode.QUANTITY,
                field="quantity",
                value=str(line.quantity),
            )
    return note_body(draft, places.warehouse_id, movements)


def note_body(
    draft: DocumentDraft, warehouse_id: int, movements: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        "transfer": False,
        "warehouseId": warehouse_id,
        "receivedOn": at_noon(draft.date),
        "userBatchReference": draft.key,
        "goodsMoved": list(movements),
    }


def _movement(
    row_id: int, product_id: int, units: int, cost: tuple[Decimal, str] | None
) -> dict[str, Any]:
    movement: dict[str, Any] = {
        "productId": product_id,
        "purchaseOrderRowId": row_id,
        "quantity": units,
    }
    if cost is not None:
        # Back at the value it left with, which the credit's row tells.
        movement["productValue"] = {"currency": cost[1], "value": f"{cost[0]:f}"}
    return movement


def goods_in_state(note: GoodsIn, warehouse: str, evidence: Evidence | None) -> DocumentState:
    return _stock_state(
        DocumentKind.STOCK_RECEIPT,
        note.key,
        str(note.note_id),
        sum(row.quantity for row in note.moved),
        warehouse,
        note.received_at,
        evidence,
    )


# --- releases from quarantine ----------------------------------------------------------------


def release_mark(key: str, product_id: int, quantity: int) -> str:
    """What the note on the credit says of one release, to be found by."""
    return f"[{key} {product_id}x{quantity}]"


def released(notes: Iterable[str], key: str) -> list[tuple[int, int]]:
    """Product and units of each release noted under `key`."""
    pattern = re.compile(rf"\[{re.escape(key)} (\d+)x(\d+)\]")
    return [(int(found[1]), int(found[2])) for text in notes for found in pattern.finditer(text)]


def release_state(
    key: str, credit_id: int, done: Sequence[tuple[int, int]], evidence: Evidence | None
) -> DocumentState:
    return _stock_state(
        DocumentKind.STOCK_MOVE,
        key,
        str(credit_id),
        sum(units for _, units in done),
        "",
        None,
        evidence,
    )


# --- corrections ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Correction:
    note_id: int
    warehouse_id: int
    key: str
    units: int
    at: datetime | None


_REASON_KEY = re.compile(r"\[([^\[\]]+)\]")


def correction(draft: DocumentDraft, places: Places, product_ids: Sequence[int]) -> dict[str, Any]:
    """Units taken out of quarantine for good, where goods that may not be sold were received."""
    reason = f"[{draft.key}] {draft.note}"[:_LONGEST_REASON]
    return {
        "corrections": [
            {
                "quantity": -line.quantity,
                "productId": product_id,
                "reason": reason,
                "locationId": destination(line, places),
            }
            for line, product_id in zip(draft.lines, product_ids, strict=True)
        ]
    }


def read_corrections(response: object) -> list[Correction]:
    return [
        Correction(
            note_id=reading.whole(row, "goodsNoteId"),
            warehouse_id=reading.whole(row, "warehouseId"),
            key=found[1] if (found := _REASON_KEY.match(reading.text(row, "reason"))) else "",
            units=-sum(
                reading.whole(moved, "quantity")
                for moved in reading.rows(row.get("goodsMoved"), "goodsMoved")
            ),
            at=next(
                (
                    reading.moment(moved, "createdOn")
                    for moved in reading.rows(row.get("goodsMoved"), "goodsMoved")
                ),
                None,
            ),
        )
        for row in reading.rows(response, "stock corrections")
    ]


def correction_id(warehouse_id: int, note_ids: Iterable[int]) -> str:
    """Our external id: a correction's notes are read by warehouse and ids."""
    return f"{warehouse_id}/{','.join(map(str, sorted(note_ids)))}"


def parse_correction_id(external_id: str) -> tuple[int, list[int]] | None:
    found = re.fullmatch(r"([0-9]{1,18})/([0-9]{1,18}(?:,[0-9]{1,18})*)", external_id)
    if found is None:
        return None
    return int(found[1]), [int(note_id) for note_id in found[2].split(",")]


def correction_states(
    corrections: Iterable[Correction], evidence: Evidence | None
) -> list[DocumentState]:
    """One document per key and warehouse: its lines are notes of their own."""
    grouped: dict[tuple[str, int], list[Correction]] = {}
    for row in corrections:
        if row.key:
            grouped.setdefault((row.key, row.warehouse_id), []).append(row)
    return [
        _stock_state(
            DocumentKind.WRITE_OFF,
            key,
            correction_id(warehouse_id, [row.note_id for row in rows]),
            sum(row.units for row in rows),
            str(warehouse_id),
            rows[0].at,
            evidence,
        )
        for (key, warehouse_id), rows in grouped.items()
    ]


def _stock_state(
    kind: DocumentKind,
    key: str,
    external_id: str,
    units: int,
    warehouse: str,
    at: datetime | None,
    evidence: Evidence | None,
) -> DocumentState:
    return DocumentState(
        kind=kind,
        key=key,
        external_id=external_id,
        number=external_id.rpartition("/")[2],
        status=DocumentStatus.POSTED,
        units=units,
        gross=None,
        currency="",
        warehouse=warehouse,
        division="",
        posted_at=at.astimezone(UTC) if at else None,
        url="",
        evidence=evidence,
    )
