"""What a document does to stock and ledger, in words and figures, beside what was planned before.

Said to whoever approves: the message itself is for machines.
"""

from __future__ import annotations

from decimal import Decimal

from connectors.types import DocumentDraft, DocumentKind
from exceptions_app.catalogue.wording import written
from exceptions_app.rules import money

Stock = dict[tuple[str, str, str], int]
_VERBS = {
    DocumentKind.STOCK_RECEIPT: ("rises by", "no longer rises by"),
    DocumentKind.WRITE_OFF: ("falls by", "no longer falls by"),
    DocumentKind.STOCK_MOVE: ("is moved:", "is no longer moved:"),
}


def told(before: DocumentDraft | None, after: DocumentDraft) -> tuple[str, ...]:
    """Sentences on stock, then on the ledger; never empty.

    `before` is the document as it was planned or refused, None where there was none. Amounts are
    in the document's currency, tax told apart.
    """
    if after.kind in _VERBS:
        return (*_stock(before, after), "Ledger: no credit is booked by this document.")
    if after.kind == DocumentKind.CREDIT_MEMO:
        return (
            "Stock: not moved by this document.",
            *_credit(before, after),
            *_rest(before, after),
        )
    if after.kind == DocumentKind.RETURN_AUTHORISATION:
        return (f"Announces {_units(after.units)}: neither stock nor ledger moves yet.",)
    return (f"Ledger: records {_money(after.gross, after.currency)}; stock is not moved.",)


def _stock(before: DocumentDraft | None, after: DocumentDraft) -> list[str]:
    verb, no_longer = _VERBS[after.kind]
    old, new = _moved(before), _moved(after)
    lines = []
    for key, units in new.items():
        sku, place, bucket = key
        known = old.get(key)
        against = ""
        if before is not None and known != units:
            against = f" instead of {known}" if known else ", not planned before"
        lines.append(f"Stock of {sku} {verb} {_units(units)}{against}, {_at(place, bucket)}.")
    lines += [
        f"Stock of {sku} {no_longer} {_units(units)}, {_at(place, bucket)}."
        for (sku, place, bucket), units in old.items()
        if (sku, place, bucket) not in new
    ]
    return lines


def _moved(draft: DocumentDraft | None) -> Stock:
    found: Stock = {}
    for line in draft.lines if draft else ():
        if draft is None or line.component != "item":
            continue
        key = (line.sku, f"{draft.division} {draft.warehouse}".strip(), line.bucket)
        found[key] = found.get(key, 0) + line.quantity
    return found


def _credit(before: DocumentDraft | None, after: DocumentDraft) -> list[str]:
    currency = after.currency
    lines = [
        f"Ledger: credits {_money(after.gross, currency)}, {_money(after.net, currency)} net and "
        f"{_money(after.tax, currency)} tax."
    ]
    moved = [line for line in after.lines if line.component == "adjustment" and not line.tax]
    if moved:
        amount = _money(sum((line.net for line in moved), Decimal(0)), currency)
        lines.append(
            f"Of it {amount} is a correction without tax: the tax stays that of the order's lines."
        )
    if before is None:
        return lines
    difference = after.gross - before.gross
    if not difference:
        lines.append("Credits the same sum as planned before.")
    else:
        way = "more" if difference > 0 else "less"
        lines.append(
            f"Credits {_money(abs(difference), currency)} {way} than planned before "
            f"({_money(before.gross, currency)})."
        )
    return [*lines, *_taxes(before, after)]


def _taxes(before: DocumentDraft, after: DocumentDraft) -> list[str]:
    old, new = before.tax_by_code, after.tax_by_code
    currency = after.currency
    return [
        f"Tax of code {code or 'none'}: {_money(new.get(code, Decimal(0)), currency)} instead of "
        f"{_money(old.get(code, Decimal(0)), currency)}."
        for code in sorted({*old, *new})
        if old.get(code, Decimal(0)) != new.get(code, Decimal(0))
    ]


def _rest(before: DocumentDraft | None, after: DocumentDraft) -> list[str]:
    day = written("posting_date", {"posting_date": after.date.isoformat()})
    if before is None:
        return [f"Booked on {day}."]
    lines = []
    if before.date != after.date:
        old = written("posting_date", {"posting_date": before.date.isoformat()})
        is_other = (before.date.year, before.date.month) != (after.date.year, after.date.month)
        lines.append(f"Booked on {day} instead of {old}{': another period' if is_other else ''}.")
    if before.order_number != after.order_number:
        lines.append(
            f"Reverses order {after.order_number} instead of {before.order_number or 'none'}."
        )
    if before.customer_code != after.customer_code:
        lines.append(
            f"For customer {after.customer_code} instead of {before.customer_code or 'none'}."
        )
    return lines


def _money(amount: Decimal, currency: str) -> str:
    return written("value", {"value": money.text(amount, currency), "currency": currency})


def _units(count: int) -> str:
    return f"{count} unit{'' if count == 1 else 's'}"


def _at(place: str, bucket: str) -> str:
    return f"{place or 'place not known'}{f', {bucket}' if bucket else ''}"
