"""A document set otherwise by a person before it is sent again: checked, kept, and put back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.types import DocumentDraft
from exceptions_app import errors
from exceptions_app.choices import (
    POSTING_UNSENT,
    FixKind,
    MappingKind,
    MappingStatus,
    PostingStatus,
)
from exceptions_app.models import Bridge, Case, ErpLocation, Fix, Item, Mapping, Posting, Rma
from exceptions_app.rules import document_edits, drafts, planning
from exceptions_app.rules.document_edits import Difference, EditRefused, Field
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.services import takings

CURRENT, ORIGINAL = "current", "original"
# Fields that hold a code: the kind of mapping that knows it, and where its target keeps it.
_CODE_OF = {
    "bucket": (MappingKind.DISPOSITION, "bucket"),
    "reason_code": (MappingKind.REASON, "code"),
    "charge_code": (MappingKind.FEE, "erp_code"),
}


@dataclass(frozen=True, slots=True)
class Editable:
    """A document that may be edited; `original` is the one it took over from, if any."""

    posting: Posting
    draft: DocumentDraft
    original: Posting | None
    fields: tuple[Field, ...]


def editable(case: Case) -> Editable | None:
    """The exception's document, if it has not left; None where there is nothing to edit."""
    row = case.posting
    if row is None or row.status not in POSTING_UNSENT:
        return None
    return _editable(row)


def clean(*, bridge: Bridge, rma: Rma, payload: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The edit as stored: what was changed, on which basis, and the whole document it makes.

    Raises:
        InvalidChoice: a value cannot stand, nothing differs, or the document moved on.
    """
    number = str(payload.get("posting_id") or "")
    pk = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
    row = Posting.objects.filter(pk=pk, rma=rma).first()
    if row is None or row.status not in POSTING_UNSENT:
        raise errors.InvalidChoice("That document has left or is not this return's any more.")
    found = _editable(row)
    basis = payload.get("basis", CURRENT)
    if basis not in (CURRENT, ORIGINAL) or (basis == ORIGINAL and found.original is None):
        raise errors.InvalidChoice("Choose which version of the document to send.")
    values = _values(found, payload.get("changes", _flat(payload)))
    start = found.draft
    if basis == ORIGINAL and found.original is not None:
        start = _bare(drafts.from_json(found.original.draft))
    try:
        edited = document_edits.changed(start, values, _items(bridge, values))
    except EditRefused as error:
        raise errors.InvalidChoice(str(error)) from error
    _check_place(bridge, found.draft, edited)
    told = document_edits.differences(found.draft, edited)
    if planning.plan_hash(edited) == planning.plan_hash(found.draft):
        raise errors.InvalidChoice("Nothing differs from the document as it stands; send it again.")
    # What is beyond the fields (another order, other lines) changes with the original.
    kinds = {row.what for row in told} or {"date"}
    return {
        "posting_id": row.pk,
        "key": row.key,
        "slot": row.slot,
        "basis": basis,
        "changes": values,
        "changed": sorted(kinds),
        "amount": str(max(found.draft.gross, edited.gross, Decimal(0))),
        "made_on": _made_on(rma, row.slot, now),
        "draft": drafts.to_json(edited),
    }


def differences(fix: Fix) -> tuple[Difference, ...]:
    """Field by field what the edit of a request changes; empty for other kinds."""
    if fix.kind != FixKind.EDIT_DOCUMENT:
        return ()
    row = Posting.objects.filter(pk=fix.payload["posting_id"]).first()
    if row is None:
        return ()
    before = _bare(drafts.from_json(row.draft))
    return document_edits.differences(before, drafts.from_json(fix.payload["draft"]))


def choices_of(bridge: Bridge, field: Field, draft: DocumentDraft) -> list[tuple[str, str]]:
    """The codes the mappings and the document know, for fields that hold one; else empty."""
    if field.what == "place":
        rows = ErpLocation.objects.filter(connection=bridge.erp, is_active=True)
        return _with(
            field.value,
            [
                (f"{row.division}|{row.code}", f"{row.division} {row.code} {row.name}".strip())
                for row in rows
            ],
        )
    if field.what == "tax_code":
        return _with(field.value, _codes(line.tax_code for line in draft.lines))
    if field.what not in _CODE_OF:
        return []
    kind, key = _CODE_OF[field.what]
    active = Mapping.objects.filter(bridge=bridge, kind=kind, status=MappingStatus.ACTIVE)
    targets = active.values_list("target", flat=True)
    return _with(field.value, _codes(target.get(key, "") for target in targets))


def put_back(fix: Fix, now: datetime) -> None:
    """Taken back: the document as it was stands again, refused as before, and nothing is sent."""
    edited = (
        Posting.objects.select_for_update()
        .filter(rma=fix.rma, slot=fix.payload["slot"], replaces=fix.payload["posting_id"])
        .exclude(status=PostingStatus.CANCELLED)
        .first()
    )
    if edited is None or edited.status not in POSTING_UNSENT or edited.replaces is None:
        return
    before = edited.replaces
    if not before.open_type:
        return
    Posting.objects.filter(pk=edited.pk).update(
        status=PostingStatus.CANCELLED, hold_reason="", hold_until=None
    )
    edited.takings.all().delete()
    Posting.objects.filter(pk=before.pk).update(
        status=PostingStatus.FAILED, hold_reason="", hold_until=None
    )
    takings.take(posting=before, rma=before.rma, draft=drafts.from_json(before.draft))


def _editable(row: Posting) -> Editable:
    draft = _bare(drafts.from_json(row.draft))
    return Editable(row, draft, row.replaces, document_edits.fields(draft))


def _bare(draft: DocumentDraft) -> DocumentDraft:
    return replace(draft, key="", control_number=0)


def _made_on(rma: Rma, slot: str, now: datetime) -> str:
    """The print of what the plan calls for without any edit.

    Raises:
        InvalidChoice: the plan no longer calls for this document.
    """
    facts = facts_selector.for_plan(rma, now=now)
    plain = replace(facts, decisions=replace(facts.decisions, edits=()))
    for planned in planning.plan(plain).postings:
        if planned.slot == slot:
            return document_edits.made_on(planned.draft, planning.plan_hash)
    raise errors.InvalidChoice("The return no longer calls for this document.")


def _values(found: Editable, given: object) -> dict[str, str]:
    """Those of the answers that differ from what was shown."""
    if not isinstance(given, dict):
        raise errors.InvalidChoice("Say what to change.")
    shown = {field.name: field.value for field in found.fields}
    values = {str(name): " ".join(str(value).split()) for name, value in given.items()}
    return {name: value for name, value in values.items() if shown.get(name) != value}


def _flat(payload: dict[str, Any]) -> dict[str, Any]:
    """Changes given beside the document's id, as a plain list of names and texts has them."""
    return {name: value for name, value in payload.items() if name not in ("posting_id", "basis")}


def _items(bridge: Bridge, values: dict[str, str]) -> dict[str, Any]:
    wanted = {value for name, value in values.items() if name.endswith("_sku")}
    rows = Item.objects.filter(
        connection=bridge.erp, sku_key__in={normalise(value) for value in wanted}
    )
    known = {normalise(row.sku): facts_selector.item_fact(row) for row in rows}
    return {value: known[normalise(value)] for value in wanted if normalise(value) in known}


def _check_place(bridge: Bridge, before: DocumentDraft, after: DocumentDraft) -> None:
    if (before.division, before.warehouse) == (after.division, after.warehouse):
        return
    rows = ErpLocation.objects.filter(connection=bridge.erp, is_active=True)
    if not rows.filter(division=after.division, code=after.warehouse).exists():
        raise errors.InvalidChoice("Choose a division and warehouse that the ERP has.")


def _codes(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(code, code) for code in sorted({value for value in values if value})]


def _with(value: str, rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    known = {code for code, _ in rows}
    return rows if value in known else [(value, value or "None"), *rows]
