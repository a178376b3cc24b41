"""Sales orders read from SuiteQL: signs turned, discount lines given to what they were taken from.

Amounts of sales lines are negative there and discounts positive; a line's quantity tells which way
round the account answers. A discount line belongs to the item before it, one of the whole order to
every item by its share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

from connectors import types
from connectors.currencies import minor_unit
from connectors.errors import UnreadableReply
from connectors.http import Reply
from connectors.netsuite.memory import OpenLine
from connectors.netsuite.options import Options
from connectors.netsuite.reading import ZERO, Answer, Row, amount, is_asked, moment, whole


def read(
    answers: Iterable[Answer], numbers: Sequence[str], options: Options
) -> Iterator[types.ErpOrder]:
    """Orders by the number asked for: the first of `order_fields` that finds one counts."""
    found: dict[tuple[int, str], list[types.ErpOrder]] = {}
    for _, group in groupby(answers, key=lambda answer: answer[0].get("id", "")):
        rows = list(group)
        head, reply = rows[0]
        if not is_asked([head.get(name, "") for name in options.order_fields], numbers, reply):
            continue
        for rank, name in enumerate(options.order_fields):
            number = head.get(name, "")
            if number in numbers:
                order = _order([row for row, _ in rows], reply, number, options)
                found.setdefault((rank, number), []).append(order)
    for number in dict.fromkeys(numbers):
        ranks = (found.get((rank, number)) for rank in range(len(options.order_fields)))
        yield from next((orders for orders in ranks if orders), ())


@dataclass
class _Line:
    """A line while its taxes and discounts are gathered."""

    row: Row
    amount: Decimal
    taxes: dict[str, Decimal] = field(default_factory=dict)
    discounts: list[types.DiscountPart] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.row.get("itemtype", "")

    @property
    def discount(self) -> Decimal:
        return sum((part.amount for part in self.discounts), ZERO)

    @property
    def tax(self) -> Decimal:
        return sum(self.taxes.values(), ZERO)

    def add_taxes(self, taxes: Iterable[tuple[str, Decimal]]) -> None:
        for code, tax in taxes:
            self.taxes[code] = self.taxes.get(code, ZERO) + tax


def _order(rows: list[Row], reply: Reply, number: str, options: Options) -> types.ErpOrder:
    head = next((row for row in rows if row.get("mainline") == "T"), rows[0])
    currency = head.get("currency", "")
    lines = _discounted(_lines(rows, reply), currency)
    _check_tax(rows, lines, reply, currency)
    shipping = [line for line in lines if line.kind == "ShipItem"]
    codes = {code for line in shipping for code in line.taxes if code}
    return types.ErpOrder(
        erp_id=head.get("id", ""),
        number=number,
        customer_code=head.get("entity", ""),
        customer_name="",
        vat_setting="",
        currency=currency,
        division=next((row["subsidiary"] for row in rows if row.get("subsidiary")), ""),
        warehouse=next((row["location"] for row in rows if row.get("location")), ""),
        invoice_number="",
        ordered_at=_ordered_at(head, reply, options),
        lines=tuple(_sold(line, reply) for line in lines if line.kind != "ShipItem"),
        shipping_net=sum((line.amount - line.discount for line in shipping), ZERO),
        shipping_tax=sum((line.tax for line in shipping), ZERO),
        shipping_tax_code=codes.pop() if len(codes) == 1 else "",
    )


def _check_tax(rows: list[Row], lines: list[_Line], reply: Reply, currency: str) -> None:
    """The order's own tax lines and the taxes found on its lines must come to the same.

    Where they do not, the account keeps its taxes elsewhere than the settings say, and a credit
    would leave them out. Each line may be rounded for itself.
    """
    told = [amount(row, "foreignamount", reply) for row in rows if row.get("taxline") == "T"]
    found = abs(sum((line.tax for line in lines), ZERO))
    apart = abs(abs(sum(told, ZERO)) - found)
    if told and apart > minor_unit(currency) * len(lines):
        raise UnreadableReply(
            f"The order's tax is {abs(sum(told, ZERO))}, and {found} was found on its lines."
            " Is the connection's setting for tax right?",
            field="tax",
            evidence=reply.evidence,
        )


def _ordered_at(head: Row, reply: Reply, options: Options) -> datetime:
    found = moment(head, "trandate", reply, options.timezone)
    if found is None:
        raise UnreadableReply("The order has no date.", field="trandate", evidence=reply.evidence)
    return found.astimezone(UTC)


def _lines(rows: list[Row], reply: Reply) -> list[_Line]:
    """One per line of the order, in their order; rows of the same line bring its taxes."""
    sign = -1 if any(amount(row, "quantity", reply) < 0 for row in rows) else 1
    lines: dict[str, _Line] = {}
    for row in rows:
        if row.get("mainline") == "T" or row.get("taxline") == "T" or not row.get("line"):
            continue
        line = lines.setdefault(row["line"], _Line(row, amount(row, "foreignamount", reply) * sign))
        tax = amount(row, "taxamount", reply) * sign
        # Whether a tax has the sign of its line is not known; that of its size is.
        if tax and line.amount and (tax > 0) != (line.amount > 0):
            tax = -tax
        if tax or row.get("taxcode"):
            line.add_taxes([(row.get("taxcode", ""), tax)])
    return list(lines.values())


def _discounted(lines: list[_Line], currency: str) -> list[_Line]:
    kept: list[_Line] = []
    for line in lines:
        if line.kind != "Discount":
            kept.append(line)
        elif line.row.get("transactiondiscount") == "T":
            goods = [each for each in kept if each.kind != "ShipItem" and each.amount > 0]
            _spread(line, goods, currency)
        elif kept:
            code = line.row.get("sku", "")
            kept[-1].discounts.append(types.DiscountPart(code, -line.amount))
            kept[-1].add_taxes(line.taxes.items())
    return kept


def _spread(discount: _Line, goods: list[_Line], currency: str) -> None:
    """Give the discount and its taxes to lines by their amounts; the last takes what is left."""
    code = discount.row.get("sku", "")
    weights = [line.amount - line.discount for line in goods]
    for line, share in zip(goods, _shares(-discount.amount, weights, currency), strict=True):
        line.discounts.append(types.DiscountPart(code, share, "order"))
    for tax_code, tax in discount.taxes.items():
        for line, share in zip(goods, _shares(tax, weights, currency), strict=True):
            line.add_taxes([(tax_code, share)])


def _shares(total: Decimal, weights: list[Decimal], currency: str) -> list[Decimal]:
    """Parts that sum to `total`, each the difference of two rounded running totals."""
    unit = minor_unit(currency)
    whole_weight = sum(weights, ZERO) or Decimal(1)
    shares, weight, given = [], ZERO, ZERO
    for number, each in enumerate(weights, start=1):
        weight += each
        upto = (total * weight / whole_weight).quantize(unit, ROUND_HALF_UP)
        upto = total if number == len(weights) else upto
        shares.append(upto - given)
        given = upto
    return shares


def _sold(line: _Line, reply: Reply) -> types.ErpOrderLine:
    row = line.row
    quantity = whole(abs(amount(row, "quantity", reply)), "quantity", reply)
    codes = [code for code in line.taxes if code]
    sold = types.ErpOrderLine(
        line_id=line_id(row),
        sku=row.get("sku", ""),
        description=row.get("memo", ""),
        quantity=quantity,
        unit_price=amount(row, "rate", reply),
        discount=line.discount,
        net=line.amount - line.discount,
        tax=line.tax,
        tax_code=codes[0] if len(codes) == 1 else "",
        discounts=tuple(line.discounts),
        parent_line_id=row.get("kitmemberof", ""),
    )
    if len(codes) < 2:
        return sold
    return replace(sold, taxes=tuple(types.TaxPart(*each) for each in line.taxes.items()))


def open_lines(answers: Iterable[Answer]) -> dict[str, tuple[OpenLine, ...]]:
    """The same orders' lines, for the authorisation that will be made from them."""
    found: dict[str, dict[str, OpenLine]] = {}
    for row, reply in answers:
        lines = found.setdefault(row.get("id", ""), {})
        is_other = row.get("mainline") == "T" or row.get("taxline") == "T"
        if is_other or not (row.get("item") and row.get("quantity")):
            continue
        quantity = whole(abs(amount(row, "quantity", reply)), "quantity", reply)
        number, kit = row.get("line", ""), row.get("kitmemberof", "")
        lines[number] = OpenLine(number, row["item"], quantity, 0, "", kit)
    return {order_id: tuple(lines.values()) for order_id, lines in found.items()}


def line_id(row: Row) -> str:
    """The line's number; a kit's member carries its kit's before it, as in "3.4": the member is no
    line a return can be made from."""
    parent = row.get("kitmemberof", "")
    return f"{parent}.{row.get('line', '')}" if parent else row.get("line", "")
