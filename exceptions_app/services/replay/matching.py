"""Which earlier order lines a credit line takes back, and which returns that makes.

A credit line matches earlier order lines of the same customer and code that have units left: first
those sold at the same unit price, then the latest before the credit. It may take several; each sold
unit is taken once over all credits in time order. A blank customer matches nothing.

One return is one credit note, one matched order and one *matter*. Lines of different fate stand
apart only where the file itself has separate amounts for them:

- goods credited at the price they were sold for, with gifts among them, are one matter;
- a line credited at another price is a matter of its own: its difference is a question of its own;
- a line with more units than were left is a matter of its own, the excess on the order matched last
  (the best one that had none left, if none had);
- charges (see `codes`) of the credit note are one matter for each order;
- goods without any earlier purchase are one matter, without an order.

A matter of more than MAX_UNITS units goes over several returns, because a platform's reply carries
every unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from exceptions_app.services.replay import codes
from exceptions_app.services.replay.reading import FileLine

MAX_UNITS = 20_000


@dataclass(slots=True)
class SoldLine:
    """A line of an order; `line_id` counts within the order, from 1."""

    line: FileLine
    line_id: str
    left: int


@dataclass(frozen=True, slots=True)
class Part:
    """Units of one credit line that take back units of one order line, or of none.

    `credit_no` counts the lines of the credit note from 1, `part_no` the parts of the credit line.
    """

    credit: FileLine
    credit_no: int
    part_no: int
    sold: SoldLine | None
    units: int
    is_excess: bool = False
    # Counts from 1 where the part alone is more than a return holds.
    cut_no: int = 0

    @property
    def item_id(self) -> str:
        """Unique among all parts; begins with credit note and line, which no two lines share."""
        cut = f"x{self.cut_no}" if self.cut_no else ""
        return f"{self.credit.invoice}.{self.credit_no}.{self.part_no}{cut}"

    @property
    def order_number(self) -> str:
        return self.sold.line.invoice if self.sold else ""

    @property
    def matter(self) -> str:
        if codes.is_charge(self.credit.code):
            return "charges"
        if self.sold is None:
            return "unknown"
        if self.is_excess:
            return f"excess {self.credit_no}"
        price = self.credit.unit_price
        if price and price != self.sold.line.unit_price:
            return f"price {self.credit_no}"
        return "goods"


@dataclass(frozen=True, slots=True)
class Return:
    external_id: str
    order_number: str
    customer_id: str
    at: datetime
    parts: tuple[Part, ...]

    @property
    def refund(self) -> Decimal:
        return sum((part.credit.unit_price * part.units for part in self.parts), Decimal(0))


def returns_of(lines: Sequence[FileLine]) -> tuple[Return, ...]:
    """Every credit line as part of a return, in time order of the credit notes; ids are stable."""
    sold = _sold_by_key(lines)
    by_note: dict[str, list[FileLine]] = defaultdict(list)
    numbered: dict[int, int] = {}
    for line in lines:
        if line.is_credit:
            by_note[line.invoice].append(line)
            numbered[line.row] = len(by_note[line.invoice])
    parts: dict[str, list[Part]] = defaultdict(list)
    for credit in sorted((line for line in lines if line.is_credit), key=_time):
        candidates = sold.get((credit.customer_id, credit.code), [])
        parts[credit.invoice].extend(_parts(credit, numbered[credit.row], candidates))
    notes = sorted(parts, key=lambda invoice: _time(by_note[invoice][0]))
    return tuple(made for invoice in notes for made in _returns(invoice, parts[invoice]))


def sold_lines(lines: Iterable[FileLine]) -> dict[str, list[SoldLine]]:
    """Order lines by order, each with its line id, in the file's order."""
    orders: dict[str, list[SoldLine]] = defaultdict(list)
    for line in lines:
        if not line.is_credit:
            order = orders[line.invoice]
            order.append(SoldLine(line, str(len(order) + 1), line.units))
    return dict(orders)


def _sold_by_key(lines: Iterable[FileLine]) -> dict[tuple[str, str], list[SoldLine]]:
    by_key: dict[tuple[str, str], list[SoldLine]] = defaultdict(list)
    for order in sold_lines(lines).values():
        for sold in order:
            if sold.line.customer_id:
                by_key[sold.line.customer_id, sold.line.code].append(sold)
    return by_key


def _time(line: FileLine) -> tuple[datetime, int]:
    return line.at, line.row


def _parts(credit: FileLine, credit_no: int, sold: Iterable[SoldLine]) -> list[Part]:
    earlier = sorted((row for row in sold if row.line.at <= credit.at), key=_latest_first)
    earlier.sort(key=lambda row: row.line.unit_price != credit.unit_price)
    taken: list[tuple[SoldLine | None, int]] = []
    open_units = credit.units
    for row in earlier:
        units = min(open_units, row.left)
        if units:
            row.left -= units
            open_units -= units
            taken.append((row, units))
    parts = [
        Part(credit, credit_no, number, row, units)
        for number, (row, units) in enumerate(taken, start=1)
    ]
    if not open_units:
        return parts
    if not earlier:
        return [Part(credit, credit_no, 1, None, open_units)]
    return _with_excess(parts, credit, credit_no, earlier[0], open_units)


def _latest_first(row: SoldLine) -> tuple[float, int]:
    return -row.line.at.timestamp(), -row.line.row


def _with_excess(
    parts: list[Part], credit: FileLine, credit_no: int, best: SoldLine, excess: int
) -> list[Part]:
    """The excess joins the last match, whose order the return then names."""
    if not parts:
        return [Part(credit, credit_no, 1, best, excess, is_excess=True)]
    last = parts[-1]
    return [*parts[:-1], replace(last, units=last.units + excess, is_excess=True)]


def _returns(invoice: str, parts: Iterable[Part]) -> Iterator[Return]:
    groups: dict[tuple[str, str], list[Part]] = defaultdict(list)
    for part in parts:
        groups[part.order_number, part.matter].append(part)
    number = 0
    for (order_number, _), members in groups.items():
        for chunk in _chunks(members):
            number += 1
            first = chunk[0].credit
            yield Return(
                external_id=f"{invoice}-{number}",
                order_number=order_number,
                customer_id=first.customer_id,
                at=max(part.credit.at for part in chunk),
                parts=tuple(chunk),
            )


def _chunks(parts: Iterable[Part]) -> Iterator[list[Part]]:
    chunk: list[Part] = []
    room = MAX_UNITS
    for part in parts:
        for cut in _cuts(part):
            if cut.units > room:
                yield chunk
                chunk, room = [], MAX_UNITS
            chunk.append(cut)
            room -= cut.units
    yield chunk


def _cuts(part: Part) -> Iterator[Part]:
    if part.units <= MAX_UNITS:
        yield part
        return
    starts = range(0, part.units, MAX_UNITS)
    for number, start in enumerate(starts, start=1):
        yield replace(part, units=min(MAX_UNITS, part.units - start), cut_no=number)
