"""What partners send as X12: goods that arrived, units regraded, credits, authorisations.

Documented: W07 with its exceptions in W13, W14 the total, W15 and W19, and the loops of the CGS
guide for 944. Assumed: W07 counts everything that came, W13 says how much of it came in which
condition; units short (02), not received (16) or a mere correction (11) did not come and are not
goods. In a 947 the reference N9*ZZ of an item holds the condition after and before the change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

from connectors.exchange.shapes import Arrival, ArrivalLine, PartnerDocument, PartnerLine, Regrade
from connectors.exchange.x12.checking import (
    BAD_CODE,
    BAD_ELEMENTS,
    NO_PARTNER_VALUE,
    Fault,
    Part,
    whole,
)
from connectors.exchange.x12.dictionary import SEGMENTS
from connectors.exchange.x12.outbound import TAX_WORD
from connectors.exchange.x12.tokens import Segment
from connectors.exchange.x12.values import (
    DIVISION,
    INVOICE,
    KEY,
    LINE,
    ORDER,
    RECEIPT,
    RETURN_NUMBER,
)
from connectors.types import DocumentKind

DAMAGED = "01"
_DID_NOT_COME = frozenset({"02", "11", "16"})
# Who holds the goods: warehouse, receiving location, ship-to, return-to.
_PLACES = ("WH", "RC", "RL", "ST", "RT")
_IN_UTC = frozenset({"UT", "GM"})
_DEBIT = "D"
_CENT = Decimal("0.01")


# --- What the standard's syntax does not tell ------------------------------------------------


def faults(code: str, part: Part, start: int) -> list[Fault]:
    """What is wrong with the content of a well-formed set; `start` is the place of its ST."""
    if code == "944":
        return _receipt_faults(part, start)
    if code == "947":
        lines = [loop.first("W19") for loop in part.loops("W19")]
        return [fault for one in lines for fault in _units(one, 2, start, is_signed=True)]
    if code in ("943", "180"):
        name, place = ("W04", 1) if code == "943" else ("BLI", 3)
        lines = [loop.first(name) for loop in part.loops(name)]
        return [fault for one in lines if one[place] for fault in _units(one, place, start)]
    return []


def _receipt_faults(part: Part, start: int) -> list[Fault]:
    found: list[Fault] = []
    for loop in part.loops("W07"):
        found.extend(_units(loop.first("W07"), 1, start))
        for inner in loop.loops("W13"):
            exception = inner.first("W13")
            found.extend(_units(exception, 1, start))
            if exception[3] == DAMAGED and not exception[5]:
                text = "is missing, and condition 01 (damaged) needs it"
                found.append(_fault(exception, 5, start, NO_PARTNER_VALUE, text))
    return found or _total_faults(part, start)


def _total_faults(part: Part, start: int) -> list[Fault]:
    """Sums: the receipt's total, and each line's units in an exceptional condition."""
    found = []
    for loop in part.loops("W07"):
        units = whole(loop.first("W07")[1]) or 0
        odd = sum(quantity for quantity, _, _ in _conditions(loop))
        if odd > units:
            text = f"{odd} units in W13 are more than the {units} received"
            found.append(_fault(loop.first("W07"), 1, start, BAD_CODE, text))
    total = part.first("W14")
    units = sum(whole(loop.first("W07")[1]) or 0 for loop in part.loops("W07"))
    if Decimal(total[1]) != units:
        text = f"the total is {total[1]}, the lines hold {units}"
        found.append(_fault(total, 1, start, BAD_CODE, text))
    return found


def _units(one: Segment, place: int, start: int, *, is_signed: bool = False) -> list[Fault]:
    units = whole(one[place])
    if units is None:
        return [_fault(one, place, start, BAD_CODE, f"{one[place]} is not a whole number of units")]
    if units == 0 or (units < 0 and not is_signed):
        return [_fault(one, place, start, BAD_CODE, f"{one[place]} is no quantity of units")]
    return []


def _fault(one: Segment, place: int, start: int, code: str, text: str) -> Fault:
    element = SEGMENTS[one.name].elements[place - 1]
    return Fault(
        one.name,
        one.place - start + 1,
        BAD_ELEMENTS,
        f"{one.name}{place:02d} ({element.name.lower()}): {text}.",
        place,
        element.number,
        code,
        one[place],
    )


# --- Goods -----------------------------------------------------------------------------------


def arrival(part: Part) -> Arrival:
    """A 944. `authorisation` is our key where the partner repeats it, else the return's number."""
    head = part.first("W17")
    lines = tuple(line for loop in part.loops("W07") for line in _arrived(loop))
    return Arrival(
        authorisation=_key(part) or _reference(part, RETURN_NUMBER) or head[4],
        receipt_number=head[3],
        received_at=_moment(part, head[2]),
        warehouse=_place(part),
        lines=lines,
    )


def _arrived(loop: Part) -> Iterable[ArrivalLine]:
    """Units in order first, then those of each exception."""
    item = loop.first("W07")
    sku, line = _item(item, 3), _reference(loop, LINE)
    odd = _conditions(loop)
    clean = (whole(item[1]) or 0) - sum(quantity for quantity, _, _ in odd)
    if clean:
        yield ArrivalLine(sku, clean, po_line=line)
    for quantity, condition, damage in odd:
        yield ArrivalLine(sku, quantity, condition, damage, line)


def _conditions(loop: Part) -> list[tuple[int, str, str]]:
    told = [inner.first("W13") for inner in loop.loops("W13")]
    return [(whole(one[1]) or 0, one[3], one[5]) for one in told if one[3] not in _DID_NOT_COME]


def regrades(part: Part) -> tuple[Regrade, ...]:
    head = part.first("W15")
    return tuple(_regrade(part, head, loop) for loop in part.loops("W19"))


def _regrade(part: Part, head: Segment, loop: Part) -> Regrade:
    item = loop.first("W19")
    conditions = next((one for one in loop.all("N9") if one[1] == KEY), Segment("N9", ()))
    return Regrade(
        number=head[2] or head[3],
        at=_moment(part, head[1]),
        sku=_item(item, 4),
        quantity=whole(item[2]) or 0,
        reason=item[1],
        from_condition=conditions[3],
        to_condition=conditions[2],
        receipt_number=_reference(loop, RECEIPT) or _reference(part, RECEIPT),
        authorisation=_key(part) or _reference(part, RETURN_NUMBER),
        warehouse=_place(part),
    )


# --- Documents -------------------------------------------------------------------------------


def announced(part: Part) -> PartnerDocument:
    """A 943 as its receiver reads it."""
    head = part.first("W06")
    lines = tuple(
        _line(place, loop, _item(loop.first("W04"), 3), loop.first("W04")[1])
        for place, loop in enumerate(part.loops("W04"), start=1)
    )
    return _document(part, DocumentKind.RETURN_AUTHORISATION, head[3], head[2], lines)


def authorised(part: Part) -> PartnerDocument:
    """A 180, ours or a partner's; a quantity may stand in QTY instead of BLI."""
    head = part.first("BGN")
    lines = tuple(
        _line(place, loop, loop.first("BLI")[2], _quantity(loop))
        for place, loop in enumerate(part.loops("BLI"), start=1)
    )
    return _document(part, DocumentKind.RETURN_AUTHORISATION, head[3], head[2], lines)


def _quantity(loop: Part) -> str:
    told = [loop.first("BLI")[3], *(one.first("QTY")[2] for one in loop.loops("QTY"))]
    return next(filter(None, told), "0")


def credited(part: Part) -> PartnerDocument:
    """An 812; credits are positive, debits negative, tax told apart where N9 tells it."""
    head = part.first("BCD")
    lines = tuple(
        _credit_line(place, loop) for place, loop in enumerate(part.loops("CDD"), start=1)
    )
    return PartnerDocument(
        key=_key(part),
        kind=DocumentKind.CREDIT_MEMO,
        date=_day(head[1]),
        authorisation=_reference(part, RETURN_NUMBER),
        number=head[2],
        order_number=head[10] or _reference(part, ORDER) or _reference(part, INVOICE),
        division=_reference(part, DIVISION),
        currency=part.first("CUR")[2],
        amount=_money(head[4], head[5]),
        lines=lines,
    )


def _credit_line(place: int, loop: Part) -> PartnerLine:
    told = loop.first("CDD")
    tax = sum(
        (
            _decimal(one[2])
            for one in loop.all("N9")
            if one[1] == KEY and one[3].split(" ")[0] == TAX_WORD
        ),
        Decimal(0),
    )
    gross = _money(told[4] or "0", told[2])
    return PartnerLine(
        line=_number(told[3], place),
        sku=loop.first("LIN")[3],
        quantity=abs(whole(told[7]) or 0) if told[7] else 0,
        component=told[14] or "item",
        net=gross - tax,
        tax=tax,
        reason=told[1],
    )


def _document(
    part: Part, kind: DocumentKind, day: str, number: str, lines: tuple[PartnerLine, ...]
) -> PartnerDocument:
    return PartnerDocument(
        key=_key(part),
        kind=kind,
        date=_day(day) if day else None,
        rma_number=number,
        authorisation=_reference(part, RETURN_NUMBER),
        order_number=_reference(part, ORDER) or part.first("PRF")[1],
        warehouse=_place(part),
        division=_reference(part, DIVISION),
        lines=lines,
    )


def _line(place: int, loop: Part, sku: str, quantity: str) -> PartnerLine:
    own = next((one for one in loop.all("N9") if one[1] == KEY), Segment("N9", ()))
    return PartnerLine(
        line=_number(_reference(loop, LINE), place),
        sku=sku,
        quantity=whole(quantity) or 0,
        reason=own[2] or loop.first("RDR")[2] or loop.first("RDR")[4],
        bucket=own[3],
    )


# --- Shared ----------------------------------------------------------------------------------


def _key(part: Part) -> str:
    """Our key, which goes on in the description when it is longer than a reference."""
    return next((one[2] + one[3] for one in part.all("N9") if one[1] == KEY), "")


def _reference(part: Part, qualifier: str) -> str:
    return next((one[2] for one in part.all("N9") if one[1] == qualifier), "")


def _place(part: Part) -> str:
    parties = [loop.first("N1") for loop in part.loops("N1")]
    for entity in _PLACES:
        for one in parties:
            if one[1] == entity:
                return one[4] or one[2]
    return ""


def _item(one: Segment, upc: int) -> str:
    """The product's id; its UPC where there is no other."""
    return one[upc + 2] or one[upc]


def _moment(part: Part, day: str) -> date | datetime:
    """The moment of a G62 that is said to be UTC, else the day alone."""
    for one in part.all("G62"):
        if one[2] and one[4] and one[5] in _IN_UTC:
            return datetime.strptime(one[2] + one[4][:4], "%Y%m%d%H%M").replace(tzinfo=UTC)
    return _day(day)


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() else otherwise


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal(0)


def _money(text: str, flag: str) -> Decimal:
    """An N2 amount: two decimals implied. A debit takes from what a credit gives."""
    amount = Decimal(text) * _CENT
    return -amount if flag == _DEBIT else amount
