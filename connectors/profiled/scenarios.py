"""The returns every profile is rehearsed with: one order, and the documents its returns call for.

Names and amounts are invented. An item's key parts are those the profile itself reads, so that
whatever a system tells an item by is there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from connectors.profiled.schema import Profile
from connectors.types import DocumentDraft, DocumentKind, DraftLine, TaxPart

ORDER_NUMBER = "#1001"
SKU = "DRESS-RED-M"
BARCODE = "5012345678900"
CURSOR = "CURSOR"
SINCE = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
PLAIN = "A plain return"
# Of the credit of the rehearsal's returns.
KEY = "rb-credit-memo-5001"
_KEY_PART = "key_parts."


@dataclass(frozen=True, slots=True)
class Scenario:
    """A return and its documents, in the order they are sent."""

    name: str
    drafts: tuple[DocumentDraft, ...]


def scenarios(profile: Profile) -> tuple[Scenario, ...]:
    """The returns of the rehearsal; each has at least one document."""
    parts = _key_parts(profile)
    return (
        _return(PLAIN, (_item(parts),)),
        _return("Part of a line", (_item(parts, quantity=1, net="27.50", tax="5.50"),)),
        _return(
            "Two taxes, delivery paid back and a fee kept",
            (
                _item(parts, tax="11.00", taxes=(("STATE", "6.00"), ("CITY", "5.00"))),
                _charge(2, "shipping", "4.00", "0.80"),
                _charge(3, "fee", "-5.00", "-1.00"),
            ),
        ),
        Scenario(
            "A damaged item",
            (
                _draft(DocumentKind.STOCK_RECEIPT, (_stock(parts, "QUARANTINE"),)),
                _draft(DocumentKind.WRITE_OFF, (_stock(parts, "DAMAGED"),)),
            ),
        ),
        Scenario(
            "Goods moved after inspection",
            (_draft(DocumentKind.STOCK_MOVE, (_stock(parts, "SALE"),)),),
        ),
        Scenario("A refund to record", (_refund(),)),
    )


def _key_parts(profile: Profile) -> dict[str, str]:
    """A value for each part of an item's key the profile reads."""
    names = {
        field.removeprefix(_KEY_PART)
        for reading in profile.readings.values()
        for field in reading.fields
        if field.startswith(_KEY_PART)
    }
    return {name: f"{name.upper()[:12]}-1" for name in sorted(names)}


def _return(name: str, lines: tuple[DraftLine, ...]) -> Scenario:
    goods = tuple(_without_money(line) for line in lines if line.component == "item")
    authorisation = _draft(DocumentKind.RETURN_AUTHORISATION, goods)
    receipt = _draft(DocumentKind.STOCK_RECEIPT, goods)
    return Scenario(name, (authorisation, receipt, _draft(DocumentKind.CREDIT_MEMO, lines)))


def _draft(kind: DocumentKind, lines: tuple[DraftLine, ...]) -> DocumentDraft:
    is_first = kind is DocumentKind.RETURN_AUTHORISATION
    return DocumentDraft(
        kind=kind,
        key=f"rb-{kind.value.replace('_', '-')}-5001",
        date=date(2026, 3, 5),
        division="WOMEN",
        warehouse="MAIN",
        customer_code="WEB",
        currency="GBP",
        rma_number="RMA5001",
        order_number=ORDER_NUMBER,
        order_erp_id="100007",
        invoice_number="INV9",
        authorisation_number="" if is_first else "RA1042",
        note='Return RMA5001 <"size & fit">',
        lines=lines,
        control_number=41,
        based_on={} if is_first else {DocumentKind.RETURN_AUTHORISATION.value: "1042"},
    )


def _item(
    parts: Mapping[str, str],
    *,
    quantity: int = 2,
    net: str = "55.00",
    tax: str = "11.00",
    taxes: tuple[tuple[str, str], ...] = (),
) -> DraftLine:
    return DraftLine(
        line_no=1,
        component="item",
        sku=SKU,
        item_erp_id="ITEM-1",
        quantity=quantity,
        order_line_id="77001",
        description="Midi dress, red, M",
        reason_code="TOO_SMALL",
        bucket="SALE",
        unit_price=Decimal("30.00"),
        net=Decimal(net),
        tax=Decimal(tax),
        tax_code="" if taxes else "STANDARD",
        key_parts=dict(parts),
        taxes=tuple(TaxPart(code, Decimal(part)) for code, part in taxes),
    )


def _charge(number: int, component: str, net: str, tax: str) -> DraftLine:
    return DraftLine(
        line_no=number,
        component=component,
        sku="",
        item_erp_id="",
        quantity=1,
        net=Decimal(net),
        tax=Decimal(tax),
        tax_code="STANDARD",
        charge_code=component.upper(),
    )


def _stock(parts: Mapping[str, str], bucket: str) -> DraftLine:
    line = _item(parts, quantity=1)
    return dataclasses.replace(_without_money(line), bucket=bucket, reason_code="DAMAGED")


def _without_money(line: DraftLine) -> DraftLine:
    nothing = Decimal(0)
    return dataclasses.replace(
        line, unit_price=nothing, net=nothing, tax=nothing, tax_code="", taxes=()
    )


def _refund() -> DocumentDraft:
    line = DraftLine(
        line_no=1,
        component="refund",
        sku="",
        item_erp_id="",
        quantity=1,
        net=Decimal("66.00"),
        charge_code="CARD",
    )
    draft = _draft(DocumentKind.REFUND_RECORD, (line,))
    return dataclasses.replace(
        draft,
        tender="card",
        reference="ch_5001",
        based_on={**draft.based_on, DocumentKind.CREDIT_MEMO.value: "2077"},
    )
