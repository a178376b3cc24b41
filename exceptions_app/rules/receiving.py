"""What the ERP's own staff checked in: which returned units it was, where it lies, what is short.

Where the policy leaves the receipt to the ERP, these receipts are the proof that goods came, and a
credit that follows the goods is for these units and no others (R019, R020).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from exceptions_app.choices import POSTING_SENT, LogisticsAxis, PostingKind
from exceptions_app.rules import mapping, matching
from exceptions_app.rules.erp_facts import ErpReceiptFact, ErpReceiptLineFact
from exceptions_app.rules.facts import LineFact, Policy, RmaFacts

ERP_RECEIPT = "erp_receipt"
_AFTER_THE_GOODS = frozenset({"goods_received", "goods_inspected"})


@dataclass(frozen=True, slots=True)
class Portion:
    """Units of one returned line on one receipt; `place` is the ERP's raw word for where."""

    line_no: int
    units: int
    place: str
    warehouse: str


@dataclass(frozen=True, slots=True)
class Arrivals:
    """`over` holds by SKU the units on receipts that no line of the return announced."""

    portions: tuple[Portion, ...] = ()
    over: Mapping[str, int] = field(default_factory=dict)

    def units(self, line_no: int) -> int:
        return sum(row.units for row in self.portions if row.line_no == line_no)

    @property
    def total(self) -> int:
        return sum(row.units for row in self.portions)


def is_by_erp(policy: Policy) -> bool:
    """Whether the ERP's own staff book what comes in."""
    return policy.stock_trigger == ERP_RECEIPT


def limits_credit(policy: Policy) -> bool:
    """Whether only units on the ERP's own receipts are credited."""
    return is_by_erp(policy) and policy.credit_trigger in _AFTER_THE_GOODS


def of_others(facts: RmaFacts) -> tuple[ErpReceiptFact, ...]:
    """The receipts that are none of our own documents, oldest first.

    Staff may write another key of ours on theirs, as that of the authorisation they receive.
    """
    ours = {
        row.key
        for row in facts.postings
        if row.kind == PostingKind.STOCK_RECEIPT and row.status in POSTING_SENT
    }
    rows = [row for row in facts.erp_receipts if not row.key or row.key not in ours]
    return tuple(sorted(rows, key=lambda row: (row.received_at, row.external_id)))


def of_ours(facts: RmaFacts) -> tuple[ErpReceiptFact, ...]:
    """The receipts we sent, in the shape of the others; the place of a line is its bucket."""
    return tuple(
        ErpReceiptFact(
            external_id=row.key,
            warehouse=row.draft.warehouse,
            received_at=row.created_at,
            lines=tuple(
                ErpReceiptLineFact(line.sku, line.quantity, line.bucket) for line in row.draft.lines
            ),
            key=row.key,
        )
        for row in facts.postings
        if row.kind == PostingKind.STOCK_RECEIPT and row.status in POSTING_SENT and row.draft
    )


def arrivals(
    facts: RmaFacts, lines: Sequence[LineFact], receipts: Sequence[ErpReceiptFact]
) -> Arrivals:
    """The receipts' units on the returned lines they fit, in the order of line numbers.

    A bundle that was announced as one came when all its parts did.
    """
    if not receipts:
        return Arrivals()
    left = {line.line_no: line.quantity for line in lines}
    fitting = _by_code(facts, lines)
    portions: list[Portion] = []
    rest: list[tuple[ErpReceiptFact, str, str, int]] = []
    for receipt in receipts:
        for row in receipt.lines:
            units = row.quantity
            for line in fitting.get(mapping.normalise(row.sku), ()):
                taken = min(units, left[line.line_no])
                if taken > 0:
                    left[line.line_no] -= taken
                    units -= taken
                    portions.append(Portion(line.line_no, taken, row.place, receipt.warehouse))
            if units:
                rest.append((receipt, row.sku, row.place, units))
    portions += _bundles(facts, lines, left, rest)
    over: dict[str, int] = {}
    for _, sku, _, units in rest:
        if units:
            over[sku] = over.get(sku, 0) + units
    return Arrivals(tuple(portions), over)


def _by_code(facts: RmaFacts, lines: Sequence[LineFact]) -> dict[str, list[LineFact]]:
    """The lines by every code the ERP may know their item under, in the order of line numbers."""
    found: dict[str, list[LineFact]] = {}
    for line in sorted(lines, key=lambda each: each.line_no):
        for code in matching.codes(line, facts.mappings):
            found.setdefault(code, []).append(line)
    return found


def _bundles(
    facts: RmaFacts,
    lines: Sequence[LineFact],
    left: dict[int, int],
    rest: list[tuple[ErpReceiptFact, str, str, int]],
) -> Iterator[Portion]:
    """Whole bundles out of the parts in `rest`, which keeps what is not used."""
    if not rest:
        return
    for line in sorted(lines, key=lambda each: each.line_no):
        needs = parts_of(facts, line)
        if not needs or not left[line.line_no]:
            continue
        there = {
            code: sum(units for _, sku, _, units in rest if mapping.normalise(sku) == code)
            for code in needs
        }
        whole = min(there[code] // count for code, count in needs.items())
        units = min(whole, left[line.line_no])
        if units <= 0:
            continue
        receipt, place = next(
            (receipt, place) for receipt, sku, place, _ in rest if mapping.normalise(sku) in needs
        )
        for code, count in needs.items():
            _use_up(rest, code, count * units)
        left[line.line_no] -= units
        yield Portion(line.line_no, units, place, receipt.warehouse)


def _use_up(rest: list[tuple[ErpReceiptFact, str, str, int]], code: str, units: int) -> None:
    for at, (receipt, sku, place, there) in enumerate(rest):
        if mapping.normalise(sku) == code:
            taken = min(units, there)
            units -= taken
            rest[at] = (receipt, sku, place, there - taken)


def parts_of(facts: RmaFacts, line: LineFact) -> dict[str, int]:
    """Units of each part, by normalised SKU, in one bundle the line stands for; empty for none."""
    rows = facts.order.lines if facts.order else ()
    codes = matching.codes(line, facts.mappings)
    parent = next(
        (
            row
            for row in rows
            if mapping.normalise(row.sku) in codes
            and row.quantity
            and any(part.parent_line_id == row.line_id for part in rows)
        ),
        None,
    )
    if parent is None:
        return {}
    needs: dict[str, int] = {}
    for part in rows:
        count = part.quantity // parent.quantity
        if part.parent_line_id == parent.line_id and part.line_id != parent.line_id and count:
            code = mapping.normalise(part.sku)
            needs[code] = needs.get(code, 0) + count
    return needs


def creditable(
    facts: RmaFacts, lines: Sequence[LineFact], came: Mapping[int, int]
) -> list[LineFact]:
    """The lines with the units a credit may be for; an item of which none came is left out."""
    if not limits_credit(facts.policy):
        return list(lines)
    rows = []
    for line in lines:
        is_charge = mapping.fee(facts.mappings, line.sku) is not None
        units = line.quantity if is_charge else came.get(line.line_no, 0)
        if units:
            rows.append(replace(line, quantity=units))
    return rows


def came(facts: RmaFacts, lines: Sequence[LineFact]) -> dict[int, int]:
    """Units by line number that are in the ERP's stock, whoever booked them."""
    found = arrivals(facts, lines, (*of_ours(facts), *of_others(facts)))
    return {line.line_no: found.units(line.line_no) for line in lines}


def is_here(facts: RmaFacts) -> bool:
    """Anybody says that goods came, or that none are to come."""
    if facts.logistics in {LogisticsAxis.RECEIVED, LogisticsAxis.NOT_REQUIRED}:
        return True
    # Accepted without anybody having seen the goods is no grade: it moves no stock.
    no_goods = {"", mapping.NO_STOCK}
    words = {line.disposition for line in facts.lines if line.disposition}
    is_graded = any(mapping.bucket(facts.mappings, word) not in no_goods for word in words)
    return is_graded or facts.received_at is not None or bool(facts.erp_receipts)


def units_of_others(facts: RmaFacts) -> int:
    return sum(row.quantity for receipt in of_others(facts) for row in receipt.lines)


def last_at(facts: RmaFacts) -> datetime | None:
    """When goods were last checked in by the ERP's own staff."""
    return max((row.received_at for row in of_others(facts)), default=None)


def is_overdue(facts: RmaFacts) -> bool:
    """The rest was given time to come after the last receipt, and it is over."""
    last = last_at(facts)
    limit = timedelta(hours=facts.policy.receipt_grace_hours)
    return last is not None and facts.now - last >= limit
