"""The way each returned unit takes in the ERP's stock: where it comes in, where it belongs.

A unit comes in once, by a receipt of ours or of the ERP's own staff. What came in under an earlier
policy keeps the bucket it came in, so that a policy may change between the receipt and the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from connectors.types import DocumentKind, DraftLine
from exceptions_app.choices import Bucket, LogisticsAxis
from exceptions_app.rules import mapping, receiving
from exceptions_app.rules.facts import LocationTarget, PostingFact, RmaFacts
from exceptions_app.rules.resolving import Resolved, ReturnedLine, sent_postings

QUARANTINE = Bucket.QUARANTINE.value
# A line of a bundle's parts is numbered behind its bundle's.
_PARTS_OF_ONE = 1000


@dataclass(frozen=True, slots=True)
class Route:
    """Units of one line at one place; the line's quantity is theirs, its bucket where they belong.

    `via` is the bucket they come in, "" where the ERP's place is not mapped; `is_ours` tells who
    books the receipt.
    """

    line: ReturnedLine
    target: LocationTarget
    via: str
    is_ours: bool
    place: str = ""

    @property
    def is_settled(self) -> bool:
        return self.via == self.line.bucket


def routes(resolved: Resolved) -> tuple[Route, ...]:
    """Every unit with a final disposition that came in or is to be booked by us, by line."""
    if "routes" not in resolved.memo:
        resolved.memo["routes"] = tuple(_routes(resolved))
    found: tuple[Route, ...] = resolved.memo["routes"]
    return found


def item_key(row: DraftLine) -> str:
    return row.item_erp_id or mapping.normalise(row.sku)


def item_key_of(line: ReturnedLine) -> str:
    """The same of a line that is not drafted yet."""
    if line.item is not None:
        return line.item.erp_id or mapping.normalise(line.item.sku)
    return mapping.normalise(line.fact.sku)


def _routes(resolved: Resolved) -> Iterator[Route]:
    lines = stock_lines(resolved)
    found = receiving.arrivals(
        resolved.facts, [line.fact for line in lines], receiving.of_others(resolved.facts)
    )
    portions: dict[int, list[receiving.Portion]] = {}
    for portion in found.portions:
        portions.setdefault(portion.line_no, []).append(portion)
    booked = _Booked(resolved)
    for line in lines:
        left = line.fact.quantity
        for portion in portions.get(line.line_no, ()):
            left -= portion.units
            yield _of_erp(resolved.facts, line, portion)
        if left and line.target is not None:
            yield from _of_ours(resolved.facts, _of(line, left), line.target, booked)


def stock_lines(resolved: Resolved) -> list[ReturnedLine]:
    """The lines for stock as their items are booked: a bundle as its parts where it is so."""
    rows = [line for line in resolved.lines if line.is_for_stock and line.bucket]
    if resolved.facts.policy.bundle_stock != "components":
        return rows
    return [part for line in rows for part in _as_parts(resolved.facts, line)]


def _as_parts(facts: RmaFacts, line: ReturnedLine) -> list[ReturnedLine]:
    needs = receiving.parts_of(facts, line.fact)
    if not needs or facts.order is None:
        return [line]
    rows = []
    for at, (code, count) in enumerate(needs.items(), start=1):
        sold = next(row for row in facts.order.lines if mapping.normalise(row.sku) == code)
        items = facts.part_items.get(code, ())
        part = replace(
            line.fact,
            line_no=line.line_no * _PARTS_OF_ONE + at,
            sku=sold.sku,
            name=sold.description,
            quantity=line.fact.quantity * count,
            items=items,
            alias_items=(),
        )
        rows.append(replace(line, fact=part, item=items[0] if len(items) == 1 else None))
    return rows


def _of(line: ReturnedLine, units: int) -> ReturnedLine:
    return replace(line, fact=replace(line.fact, quantity=units))


def _of_erp(facts: RmaFacts, line: ReturnedLine, portion: receiving.Portion) -> Route:
    division = facts.order.division if facts.order else ""
    target = LocationTarget(line.target.division if line.target else division, portion.warehouse)
    via = mapping.bucket(facts.mappings, mapping.place_key(portion.place))
    return Route(_of(line, portion.units), target, via, is_ours=False, place=portion.place)


class _Booked:
    """Units on our own receipts that left, by place and item, taken out as routes use them."""

    def __init__(self, resolved: Resolved) -> None:
        self._left: dict[tuple[str, str, str], int] = {}
        for posting in sent_postings(resolved.facts, DocumentKind.STOCK_RECEIPT):
            for row in posting.draft.lines if posting.draft else ():
                bucket = self._first(posting, row) or row.bucket
                key = (_place(posting), item_key(row), bucket)
                self._left[key] = self._left.get(key, 0) + row.quantity

    @staticmethod
    def _first(posting: PostingFact, row: DraftLine) -> str:
        """Booked to quarantine for the time being, whatever the grade was or will be."""
        is_first = posting.first_bucket == QUARANTINE and row.bucket == QUARANTINE
        return "first" if is_first else ""

    def take(self, target: LocationTarget, item: str, bucket: str, wanted: int) -> int:
        key = (f"{target.division}/{target.warehouse}", item, bucket)
        taken = min(wanted, self._left.get(key, 0))
        if taken:
            self._left[key] -= taken
        return taken


def _place(posting: PostingFact) -> str:
    return posting.slot.split("#")[0].partition(":")[2]


def _of_ours(
    facts: RmaFacts, line: ReturnedLine, target: LocationTarget, booked: _Booked
) -> Iterator[Route]:
    left = line.fact.quantity
    item = item_key_of(line)
    for pool, via in ((line.bucket, line.bucket), ("first", QUARANTINE)):
        units = booked.take(target, item, pool, left)
        if units:
            left -= units
            yield Route(_of(line, units), target, via, is_ours=True)
    if left and _books_now(facts):
        is_first = facts.policy.first_bucket == QUARANTINE
        via = QUARANTINE if is_first else line.bucket
        yield Route(_of(line, left), target, via, is_ours=True)


def _books_now(facts: RmaFacts) -> bool:
    """Whether the policy lets us book a receipt now (R014, R016)."""
    trigger = facts.policy.stock_trigger
    if trigger == "receipt_and_grade":
        return facts.logistics == LogisticsAxis.RECEIVED or facts.received_at is not None
    return trigger != receiving.ERP_RECEIPT
