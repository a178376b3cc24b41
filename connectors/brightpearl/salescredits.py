"""The sales credit: what we send, what stands there, and what would have to change.

It is authorisation and credit note in one: created with its rows, received against, and closed,
which makes accounting write its invoice. Documented: `POST sales-credit` with `parentId`,
`externalRef` and `installedIntegrationInstanceId` (unique together); the shape of `GET order`;
PATCH of a row's quantity, net, tax and nominal code while it is not invoiced, never below what was
received. Assumed: `GET order` tells a sales credit as it tells an order, and a row that came from
a bundle says so in its composition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.brightpearl import orders, reading
from connectors.brightpearl.account import Account
from connectors.errors import Rejected, RejectionCode
from connectors.types import (
    DocumentDraft,
    DocumentKind,
    DocumentState,
    DocumentStatus,
    DraftLine,
    Evidence,
    TaxPart,
)

ZERO = reading.ZERO


@dataclass(frozen=True, slots=True)
class Row:
    """One row of money: as it stands there, or (`row_id` 0) as we want it."""

    product_id: int
    name: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    tax_code: str
    nominal_code: str
    external_ref: str
    row_id: int = 0
    is_of_bundle: bool = False
    # What one unit is worth in stock, as (amount, currency), where the row tells.
    cost: tuple[Decimal, str] | None = None

    def is_same_thing(self, other: Row) -> bool:
        """Whether figures alone may differ; a code that one of them leaves open agrees."""
        if self.product_id != other.product_id:
            return False
        if not self.product_id and self.name != other.name:
            return False
        nominals = {self.nominal_code, other.nominal_code} - {""}
        taxes = {self.tax_code, other.tax_code} - {""}
        return len(nominals) < 2 and len(taxes) < 2

    def has_same_figures(self, other: Row) -> bool:
        mine = (self.quantity, self.net, self.tax)
        return mine == (other.quantity, other.net, other.tax)


@dataclass(frozen=True, slots=True)
class Credit:
    """A sales credit as it stands there."""

    credit_id: int
    external_ref: str
    currency: str
    warehouse: str
    invoice: str
    invoiced_at: datetime | None
    rows: tuple[Row, ...]

    @property
    def money_rows(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if not row.is_of_bundle)


@dataclass(frozen=True, slots=True)
class Changes:
    """What makes the rows of a credit those we want."""

    patches: tuple[tuple[Row, Row], ...]
    removed: tuple[Row, ...]
    added: tuple[Row, ...]

    def __bool__(self) -> bool:
        return bool(self.patches or self.removed or self.added)


def at_noon(day: date) -> str:
    """The middle of a day, so that it is the same day in whatever zone the account keeps."""
    return f"{day.isoformat()}T12:00:00Z"


def read(raw: Mapping[str, Any]) -> Credit:
    """Raises UnreadableReply where a field has an unexpected form."""
    invoices = list(reading.rows(raw.get("invoices"), "invoices"))
    return Credit(
        credit_id=reading.whole(raw, "id"),
        external_ref=reading.text(raw, "externalRef"),
        currency=reading.text(reading.child(raw, "currency"), "orderCurrencyCode"),
        warehouse=reading.text(raw, "warehouseId"),
        invoice=orders.invoice_reference(raw),
        invoiced_at=reading.moment(invoices[0], "taxDate") if invoices else None,
        rows=tuple(
            _row(row_id, reading.child(reading.child(raw, "orderRows"), row_id))
            for row_id in sorted(reading.child(raw, "orderRows"), key=_number)
        ),
    )


def _number(row_id: str) -> int:
    return reading.whole({"row id": row_id}, "row id")


def _row(row_id: str, raw: Mapping[str, Any]) -> Row:
    value = reading.child(raw, "rowValue")
    composition = reading.child(raw, "composition")
    cost = reading.child(raw, "itemCost")
    worth = reading.number(cost, "value")
    return Row(
        product_id=reading.optional_whole(raw, "productId") or 0,
        name=reading.text(raw, "productName"),
        quantity=reading.number(reading.child(raw, "quantity"), "magnitude") or ZERO,
        net=reading.needed_amount(reading.child(value, "rowNet"), "value"),
        tax=reading.needed_amount(reading.child(value, "rowTax"), "value"),
        tax_code=reading.text(value, "taxCode"),
        nominal_code=reading.text(raw, "nominalCode"),
        external_ref=reading.text(raw, "externalRef"),
        row_id=_number(row_id),
        is_of_bundle=reading.truth(composition, "bundleChild"),
        cost=(worth, reading.text(cost, "currencyCode")) if worth is not None else None,
    )


def wanted(
    draft: DocumentDraft, account: Account, product_id: Callable[[DraftLine], int]
) -> tuple[Row, ...]:
    """The rows `draft` calls for.

    Raises:
        Rejected: a line bears several taxes; a row has one tax code.
    """
    return tuple(_wanted(line, account, product_id) for line in draft.lines)


def _wanted(line: DraftLine, account: Account, product_id: Callable[[DraftLine], int]) -> Row:
    is_item = line.component == "item"
    reason = f" – {line.reason_code}" if is_item and line.reason_code else ""
    return Row(
        product_id=product_id(line) if is_item else 0,
        # The reason stands on the row, so that a reviewer needs no other system (R031).
        name=f"{line.description or line.sku or line.component}{reason}",
        quantity=Decimal(line.quantity),
        net=line.net,
        tax=line.tax,
        tax_code=_tax_code(line, account),
        nominal_code=line.charge_code or (account.sales_nominal if is_item else ""),
        external_ref=line.order_line_id,
    )


def _tax_code(line: DraftLine, account: Account) -> str:
    codes = {part.code for part in line.taxes if part.amount}
    if len(codes) > 1:
        raise Rejected(
            f"A row of Brightpearl has one tax code, and this line has {len(codes)}.",
            code=RejectionCode.UNCLASSIFIED,
            field="tax_code",
            value=", ".join(sorted(codes)),
        )
    return next(iter(codes), line.tax_code) or account.untaxed_code


def body(draft: DocumentDraft, rows: tuple[Row, ...], account: Account) -> dict[str, Any]:
    """The sales credit to create; what is not known is left out."""
    document: dict[str, Any] = {
        "customer": {"id": _id(draft.customer_code, "customer")},
        "ref": draft.rma_number,
        "taxDate": at_noon(draft.date),
        "externalRef": draft.key,
        "installedIntegrationInstanceId": account.instance_id,
        "rows": [_row_body(row) for row in rows],
    }
    if draft.order_erp_id:
        document["parentId"] = _id(draft.order_erp_id, "order")
    if draft.warehouse:
        document["warehouseId"] = _id(draft.warehouse, "warehouse")
    if draft.currency:
        document["currency"] = {"code": draft.currency}
    if account.channel_id is not None:
        document["channelId"] = account.channel_id
    if account.credit_status_id is not None:
        document["statusId"] = account.credit_status_id
    return document


_UNKNOWN = {
    "customer": RejectionCode.UNKNOWN_CUSTOMER,
    "order": RejectionCode.UNKNOWN_ORDER,
    "warehouse": RejectionCode.UNKNOWN_WAREHOUSE,
}


def _id(text: str, field: str) -> int:
    """An id of theirs; a text that cannot be one is refused before any call."""
    if not (text.isascii() and text.isdigit()):
        raise Rejected(
            f"'{text}' is no id Brightpearl could have for a {field}.",
            code=_UNKNOWN[field],
            field=field,
            value=text,
        )
    return int(text)


def warehouse_id(draft: DocumentDraft) -> int:
    """Raises Rejected where the draft's warehouse is no id of theirs."""
    return _id(draft.warehouse, "warehouse")


def _row_body(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": row.name,
        "quantity": f"{row.quantity:f}",
        "net": f"{row.net:f}",
        "tax": f"{row.tax:f}",
    }
    if row.product_id:
        found["productId"] = row.product_id
    for name, value in (
        ("taxCode", row.tax_code),
        ("nominalCode", row.nominal_code),
        ("externalRef", row.external_ref),
    ):
        if value:
            found[name] = value
    return found


def order_row_body(row: Row) -> dict[str, Any]:
    """The same row for `POST order/{id}/row`, which names its fields otherwise."""
    value: dict[str, Any] = {
        "rowNet": {"value": f"{row.net:f}"},
        "rowTax": {"value": f"{row.tax:f}"},
    }
    if row.tax_code:
        value["taxCode"] = row.tax_code
    found: dict[str, Any] = {
        "productName": row.name,
        "quantity": {"magnitude": f"{row.quantity:f}"},
        "rowValue": value,
    }
    if row.product_id:
        found["productId"] = row.product_id
    if row.nominal_code:
        found["nominalCode"] = row.nominal_code
    return found


def patch_body(have: Row, want: Row) -> list[dict[str, Any]]:
    """The figures that differ, as a JSON patch of the row."""
    figures = (
        ("/quantity/magnitude", have.quantity, want.quantity),
        ("/rowValue/rowNet/value", have.net, want.net),
        ("/rowValue/rowTax/value", have.tax, want.tax),
    )
    return [
        {"op": "replace", "path": path, "value": f"{meant:f}"}
        for path, there, meant in figures
        if there != meant
    ]


def changes(credit: Credit, rows: tuple[Row, ...]) -> Changes:
    """What is to be changed so that `credit` has exactly `rows`; parts of bundles follow theirs.

    A row is paired with one that needs no change before one that needs some.
    """
    have, want = list(credit.money_rows), list(rows)
    _pair(have, want, lambda a, b: a.is_same_thing(b) and a.has_same_figures(b))
    patches = _pair(
        have, want, lambda a, b: a.is_same_thing(b) and a.external_ref == b.external_ref
    )
    patches += _pair(have, want, lambda a, b: a.is_same_thing(b))
    return Changes(tuple(patches), tuple(have), tuple(want))


def _pair(
    have: list[Row], want: list[Row], fits: Callable[[Row, Row], bool]
) -> list[tuple[Row, Row]]:
    """Take out of both lists what fits together, and return it."""
    pairs = []
    for row in list(have):
        found = next((other for other in want if fits(row, other)), None)
        if found is not None:
            have.remove(row)
            want.remove(found)
            pairs.append((row, found))
    return pairs


def check_equal(credit: Credit, rows: tuple[Row, ...]) -> None:
    """Raises Rejected when a credit's money is not what the rows say, tax before net (R052)."""
    for name in ("tax", "net"):
        there = sum((getattr(row, name) for row in credit.money_rows), ZERO)
        meant = sum((getattr(row, name) for row in rows), ZERO)
        if there != meant:
            raise Rejected(
                f"Brightpearl holds {there} {credit.currency} {name} on sales credit"
                f" {credit.credit_id}, and {meant} was meant. It was not closed.",
                code=RejectionCode.AMOUNT,
                field=name,
                value=str(there),
            )


def state(
    credit: Credit,
    *,
    kind: DocumentKind,
    key: str,
    status: DocumentStatus,
    evidence: Evidence | None,
) -> DocumentState:
    """A sales credit as the document `kind` we keep under `key`."""
    rows = credit.money_rows
    taxes: dict[str, Decimal] = {}
    for row in rows:
        if row.tax:
            taxes[row.tax_code] = taxes.get(row.tax_code, ZERO) + row.tax
    tax = sum((row.tax for row in rows), ZERO)
    is_credit = kind is DocumentKind.CREDIT_MEMO
    return DocumentState(
        kind=kind,
        key=key,
        external_id=str(credit.credit_id),
        number=credit.invoice if is_credit else str(credit.credit_id),
        status=status,
        units=sum(int(row.quantity) for row in rows if row.product_id),
        gross=sum((row.net for row in rows), ZERO) + tax,
        currency=credit.currency,
        warehouse=credit.warehouse,
        division="",
        posted_at=credit.invoiced_at if is_credit else None,
        url="",
        evidence=evidence,
        tax=tax,
        taxes=tuple(TaxPart(code, value) for code, value in sorted(taxes.items())),
    )
