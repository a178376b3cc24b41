"""Stock documents: what final dispositions move, where to, and what is left after what was sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from connectors.types import DocumentDraft, DocumentKind, DraftLine
from exceptions_app.choices import Bucket
from exceptions_app.rules import mapping, stock_routes
from exceptions_app.rules.facts import Finding, LocationTarget, PostingFact
from exceptions_app.rules.resolving import Resolved, ReturnedLine, sent_postings
from exceptions_app.rules.stock_routes import Route
from exceptions_app.rules.validation import STOCK_KINDS

RECEIPT_SEQUENCE = 20
FOLLOW_UP_SEQUENCE = 30

_WRITTEN_OFF = frozenset({Bucket.DAMAGED.value, Bucket.DISPOSAL.value})
_MOVED = frozenset({Bucket.SALEABLE.value, Bucket.REPAIR.value})


@dataclass(frozen=True, slots=True)
class StockDocument:
    """One document for one place; a slot ending in "#2" books what came after the first."""

    slot: str
    sequence: int
    draft: DocumentDraft


@dataclass(frozen=True, slots=True)
class StockPlan:
    documents: tuple[StockDocument, ...]
    conflicts: tuple[Finding, ...]


def plan(resolved: Resolved) -> StockPlan:
    """Receipts of all units with a final disposition, write-offs and moves after (R014, R028).

    One receipt per division and warehouse, its lines naming their bucket (R029): quarantine where
    the policy books there first. Damaged and disposed units are written off as well, from the
    bucket the line names; units for repair, and those that leave quarantine, are moved as well, to
    the bucket the line names (R078). Units without stock effect, not returned, or without a known
    place yield nothing, nor does a receipt by the ERP's own staff. A document that was sent keeps
    its content: what came later is a further document, and what no longer agrees is a finding that
    holds back every other stock document of the return.
    """
    documents: list[StockDocument] = []
    conflicts: list[Finding] = []
    found = stock_routes.routes(resolved)
    for kind, sequence, lines in (
        (DocumentKind.STOCK_RECEIPT, RECEIPT_SEQUENCE, _receipts(found)),
        (DocumentKind.WRITE_OFF, FOLLOW_UP_SEQUENCE, _write_offs(resolved, found)),
        (DocumentKind.STOCK_MOVE, FOLLOW_UP_SEQUENCE, _moves(resolved, found)),
    ):
        wanted = {
            f"{kind.value}:{target.division}/{target.warehouse}": _draft(
                resolved, kind, target, rows
            )
            for target, rows in _by_target(lines)
        }
        sent = _sent_by_slot(resolved, kind)
        for base in sorted({*wanted, *sent}):
            result = _after_sent(base, wanted.get(base), sent.get(base, []), sequence)
            documents.extend(result.documents)
            conflicts.extend(result.conflicts)
    documents.sort(key=lambda document: (document.sequence, document.slot))
    return StockPlan(tuple(documents), tuple(conflicts))


_Placed = tuple[LocationTarget, ReturnedLine]


def _receipts(found: Iterable[Route]) -> Iterator[_Placed]:
    for route in found:
        if route.is_ours:
            yield route.target, replace(route.line, bucket=route.via)


def _write_offs(resolved: Resolved, found: Iterable[Route]) -> Iterator[_Placed]:
    for route in found:
        if route.line.bucket in _WRITTEN_OFF and _is_followed(resolved, route):
            yield route.target, replace(route.line, bucket=route.via)


def _moves(resolved: Resolved, found: Iterable[Route]) -> Iterator[_Placed]:
    for route in found:
        is_there = route.is_settled and route.line.bucket != Bucket.REPAIR
        if route.line.bucket in _MOVED and not is_there and _is_followed(resolved, route):
            yield route.target, route.line


def _is_followed(resolved: Resolved, route: Route) -> bool:
    """Whether we book the step after the receipt: of our own receipts, and out of quarantine."""
    if route.is_ours:
        return True
    is_first = route.via == stock_routes.QUARANTINE and not route.is_settled
    return is_first and resolved.facts.policy.disposition_authority == "platform"


def _by_target(lines: Iterable[_Placed]) -> Iterator[tuple[LocationTarget, list[ReturnedLine]]]:
    grouped: dict[LocationTarget, list[ReturnedLine]] = {}
    for target, line in lines:
        grouped.setdefault(target, []).append(line)
    yield from grouped.items()


def _draft(
    resolved: Resolved, kind: DocumentKind, target: LocationTarget, lines: list[ReturnedLine]
) -> DocumentDraft:
    facts = resolved.facts
    order = facts.order
    return DocumentDraft(
        kind=kind,
        key="",
        date=facts.company_date,
        division=target.division,
        warehouse=target.warehouse,
        customer_code=order.customer_code if order else "",
        currency=facts.currency,
        rma_number=facts.external_id,
        order_number=order.number if order else "",
        order_erp_id=order.erp_id if order else "",
        invoice_number="",
        authorisation_number="",
        note=facts.spoken,
        lines=_merged(lines),
    )


def _merged(lines: list[ReturnedLine]) -> tuple[DraftLine, ...]:
    """One line per item and bucket, by SKU; a reason is named where all units share it."""
    merged: dict[tuple[str, str, str], DraftLine] = {}
    for line in lines:
        row = _draft_line(line)
        key = _key(row)
        known = merged.get(key)
        if known is not None:
            is_same_reason = known.reason_code == row.reason_code
            row = replace(
                known,
                quantity=known.quantity + row.quantity,
                reason_code=known.reason_code if is_same_reason else "",
            )
        merged[key] = row
    rows = [merged[key] for key in sorted(merged)]
    return tuple(replace(row, line_no=number) for number, row in enumerate(rows, start=1))


def _draft_line(line: ReturnedLine) -> DraftLine:
    item = line.item
    return DraftLine(
        line_no=0,
        component="item",
        sku=item.sku if item else line.fact.sku,
        item_erp_id=item.erp_id if item else "",
        quantity=line.fact.quantity,
        description=item.description if item else line.fact.name,
        reason_code=line.reason_code,
        bucket=line.bucket,
        key_parts=item.key_parts if item else {},
    )


def _key(row: DraftLine) -> tuple[str, str, str]:
    return (row.item_erp_id or mapping.normalise(row.sku), row.sku, row.bucket)


def _sent_by_slot(resolved: Resolved, kind: DocumentKind) -> dict[str, list[PostingFact]]:
    grouped: dict[str, list[PostingFact]] = {}
    for posting in sent_postings(resolved.facts, kind):
        grouped.setdefault(posting.slot.split("#")[0], []).append(posting)
    return grouped


def _quantities(rows: Sequence[DraftLine]) -> dict[tuple[str, str], int]:
    counted: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.item_erp_id or mapping.normalise(row.sku), row.bucket)
        counted[key] = counted.get(key, 0) + row.quantity
    return counted


def _after_sent(
    base: str, wanted: DocumentDraft | None, sent: list[PostingFact], sequence: int
) -> StockPlan:
    if not sent:
        documents = (StockDocument(base, sequence, wanted),) if wanted else ()
        return StockPlan(documents, ())
    drafts = [posting.draft for posting in sent if posting.draft is not None]
    booked = _quantities([row for draft in drafts for row in draft.lines])
    due = _quantities(wanted.lines if wanted else ())
    kept = tuple(
        StockDocument(posting.slot, sequence, posting.draft)
        for posting in sent
        if posting.draft is not None
    )
    if len(drafts) < len(sent):
        # What was sent is not known to us here, so nothing can be compared or added.
        return StockPlan(kept, ())
    if any(due.get(key, 0) < units for key, units in booked.items()):
        return StockPlan(kept, (_conflict(sent[0], booked, due),))
    rest = _rest(wanted, booked)
    if rest is None:
        return StockPlan(kept, ())
    return StockPlan((*kept, StockDocument(f"{base}#{_next(sent)}", sequence, rest)), ())


def _next(sent: list[PostingFact]) -> int:
    numbers = [int(posting.slot.partition("#")[2] or 1) for posting in sent]
    return max(numbers) + 1


def _rest(wanted: DocumentDraft | None, booked: dict[tuple[str, str], int]) -> DocumentDraft | None:
    if wanted is None:
        return None
    left = dict(booked)
    rows: list[DraftLine] = []
    for row in wanted.lines:
        key = (row.item_erp_id or mapping.normalise(row.sku), row.bucket)
        taken = min(row.quantity, left.get(key, 0))
        left[key] = left.get(key, 0) - taken
        if row.quantity > taken:
            rows.append(replace(row, quantity=row.quantity - taken, line_no=len(rows) + 1))
    return replace(wanted, lines=tuple(rows)) if rows else None


def _conflict(
    posting: PostingFact, booked: dict[tuple[str, str], int], due: dict[tuple[str, str], int]
) -> Finding:
    gap = sum(max(0, units - due.get(key, 0)) for key, units in booked.items())
    return Finding(
        type="DISPOSITION_CONFLICT",
        subject=f"posting:{posting.slot}",
        cause=posting.slot,
        facts={"expected": _words(due), "got": _words(booked), "key": posting.key},
        value=posting.gross,
        value_formula=f"{gap} units booked otherwise than the platform says",
        # Units booked in the wrong place must not be booked a second time in the right one.
        blocks=STOCK_KINDS,
    )


def _words(counted: dict[tuple[str, str], int]) -> str:
    rows = [f"{units} × {sku} {bucket}" for (sku, bucket), units in sorted(counted.items())]
    return ", ".join(rows) or "nothing"
