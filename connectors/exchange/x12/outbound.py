"""Our documents as X12: an authorisation as 943 or 180, a credit memo as 812.

Documented: a 943 may tell a warehouse to take a customer's return, its reporting code C means just
that (element 514); RDR of the 180 and its codes; the segments of each set. Assumed, to be agreed
with each partner: our key in N9*ZZ, the return's number in W06-02 and N9*RZ, a line's number in
N9*LI, reason and bucket in N9*ZZ of the line, transport method ZZ, and in the 812 the tax of a line
in N9*ZZ, because the set has no place for a tax that is inside an amount.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from connectors.errors import RejectionCode
from connectors.exchange.x12.codes import CODES
from connectors.exchange.x12.tokens import Segment, segment
from connectors.exchange.x12.values import (
    DESCRIPTION_CHARS,
    KEY,
    MAX_QUANTITY,
    REFERENCE_CHARS,
    SKU,
    UNIT,
    Writer,
)
from connectors.types import DocumentDraft, DraftLine, TaxPart

CUSTOMER_RETURN = "C"
PROCESS_DATE = "09"
ORIGINAL = "00"
WITH_NUMBER = "RA"
MUTUALLY_DEFINED = "ZZ"
AUTHORISED_RETURN = "72"
CREDIT, DEBIT = "C", "D"
TAX_WORD = "TAX"
SHIP_TO, RETURN_TO, BILL_TO, SELLER = "ST", "RT", "BT", "SE"
_NUMBER_CHARS, _ORDER_CHARS, _SKU_CHARS = 22, 22, 48
_NOTES = 20
_REASONS = CODES[1293]

Body = Callable[[DocumentDraft, str, Writer], list[Segment]]


def body(code: str, draft: DocumentDraft, name: str, writer: Writer) -> list[Segment]:
    """The segments between ST and SE. `name` is the document's number in the batch ("17-3").

    Raises:
        Rejected: the draft cannot be expressed.
    """
    return _BODIES[code](draft, name, writer)


def _announced(draft: DocumentDraft, _name: str, writer: Writer) -> list[Segment]:
    lines = _items(draft, writer)
    head = [
        segment(
            "W06",
            CUSTOMER_RETURN,
            writer.identifier(draft.rma_number, "rma_number", _NUMBER_CHARS, is_needed=True),
            writer.day(draft.date),
        ),
        _warehouse(draft, SHIP_TO, writer),
        *writer.references(draft),
        segment("G62", PROCESS_DATE, writer.day(draft.date)),
        *(segment("NTE", "GEN", note) for note in writer.notes(draft.note, _NOTES)),
        segment("W27", MUTUALLY_DEFINED),
    ]
    for line in lines:
        head.append(
            segment("W04", writer.quantity(line.quantity), UNIT, "", SKU, _sku(line, writer))
        )
        if description := writer.words(line.description, DESCRIPTION_CHARS):
            head.append(segment("G69", description))
        head.extend(writer.line_references(line))
    total = draft.units
    if total > MAX_QUANTITY:
        raise writer.refused(
            f"{total} units together are more than X12 can total.",
            "quantity",
            RejectionCode.QUANTITY,
        )
    return [*head, segment("W03", str(total))]


def _authorised(draft: DocumentDraft, _name: str, writer: Writer) -> list[Segment]:
    lines = _items(draft, writer)
    number = writer.identifier(draft.rma_number, "rma_number", REFERENCE_CHARS, is_needed=True)
    found = [
        segment("BGN", ORIGINAL, number, writer.day(draft.date)),
        segment("RDR", WITH_NUMBER),
        *_order(draft, writer),
        *writer.references(draft),
        *(segment("NTE", "GEN", note) for note in writer.notes(draft.note, _NOTES)),
        _warehouse(draft, RETURN_TO, writer),
    ]
    for line in lines:
        found.append(segment("BLI", SKU, _sku(line, writer), writer.quantity(line.quantity), UNIT))
        found.extend(writer.line_references(line))
        found.extend(_reason(line, writer))
    return found


def _reason(line: DraftLine, writer: Writer) -> list[Segment]:
    """A reason of the standard's list as request reason (RDR02); any other as words (RDR04). The
    response reason (RDR03) stays empty: only one of the two may be there."""
    if line.reason_code in _REASONS:
        return [segment("RDR", "", line.reason_code)]
    words = writer.words(line.reason_code, 80)
    return [segment("RDR", "", "", "", words)] if words else []


def _credited(draft: DocumentDraft, name: str, writer: Writer) -> list[Segment]:
    invoice = writer.identifier(draft.invoice_number, "invoice_number", _NUMBER_CHARS)
    # One too long for BCD10 stands in N9*CO alone, where the invoice is the reference.
    is_apart = bool(invoice) and len(draft.order_number) > _ORDER_CHARS
    order = "" if is_apart else draft.order_number
    order = writer.identifier(order, "order_number", _ORDER_CHARS)
    if not invoice and not order:
        raise writer.refused(
            "A credit without an invoice or an order number has no reference in X12.",
            "invoice_number",
        )
    currency = writer.identifier(draft.currency, "currency", 3, is_needed=True)
    found = [
        segment(
            "BCD",
            writer.day(draft.date),
            name,
            "Z",
            writer.cents(draft.gross),
            _flag(draft.gross),
            "",
            invoice,
            "",
            "",
            order,
            ORIGINAL,
        ),
        segment("CUR", SELLER, currency),
        *writer.references(draft),
        _customer(draft, writer),
    ]
    for line in draft.lines:
        found.extend(_credit_line(line, writer))
    return found


def _credit_line(line: DraftLine, writer: Writer) -> list[Segment]:
    gross = line.net + line.tax
    is_item = line.component == "item"
    quantity = (writer.quantity(line.quantity), UNIT) if is_item else ("", "")
    code = line.sku if is_item else line.charge_code
    found = [
        segment(
            "CDD",
            AUTHORISED_RETURN,
            _flag(gross),
            str(line.line_no),
            writer.cents(gross),
            "",
            "",
            *quantity,
            "",
            "",
            "",
            "",
            "",
            "" if is_item else line.component,
        )
    ]
    if code:
        qualifier = SKU if is_item else MUTUALLY_DEFINED
        found.append(segment("LIN", "", qualifier, writer.identifier(code, "sku", _SKU_CHARS)))
    for part in line.taxes or (TaxPart(line.tax_code, line.tax),):
        if part.amount:
            tax_code = writer.identifier(part.code, "tax_code", 40)
            label = f"{TAX_WORD} {tax_code}".rstrip()
            found.append(segment("N9", KEY, format(part.amount, "f"), label))
    return found


def _flag(amount: Decimal) -> str:
    return DEBIT if amount < 0 else CREDIT


def _customer(draft: DocumentDraft, writer: Writer) -> Segment:
    return writer.party(BILL_TO, draft.customer_code, "customer_code")


def _warehouse(draft: DocumentDraft, entity: str, writer: Writer) -> Segment:
    if not draft.warehouse:
        raise writer.refused(
            "There is no warehouse to send the goods to.",
            "warehouse",
            RejectionCode.UNKNOWN_WAREHOUSE,
        )
    return writer.party(entity, draft.warehouse, "warehouse")


def _order(draft: DocumentDraft, writer: Writer) -> list[Segment]:
    """The order where it fits as a purchase order number; it stands in N9*CO in any case."""
    number = draft.order_number
    fits = bool(number) and len(number) <= _ORDER_CHARS
    return [segment("PRF", writer.identifier(number, "order_number", 22))] if fits else []


def _items(draft: DocumentDraft, writer: Writer) -> tuple[DraftLine, ...]:
    """The lines of a document of goods; one without any, or with charges, is refused."""
    for line in draft.lines:
        if line.component != "item":
            raise writer.refused(
                f"Line {line.line_no} is no item but {line.component}; an authorisation in X12 "
                "carries items only.",
                "component",
            )
    if not draft.lines:
        raise writer.refused("The document has no lines.", "lines")
    return draft.lines


def _sku(line: DraftLine, writer: Writer) -> str:
    return writer.identifier(line.sku, "sku", _SKU_CHARS, is_needed=True)


_BODIES: dict[str, Body] = {"943": _announced, "180": _authorised, "812": _credited}
