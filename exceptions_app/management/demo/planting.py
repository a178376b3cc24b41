"""The returns of `every_type`: each a plain one with a single defect, in its record or our copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from exceptions_app.management.demo import faulty, names, records
from exceptions_app.management.demo.names import Article
from exceptions_app.models import ExchangeOrder, Item, RmaLine, Shipment
from exceptions_app.models import Rma as Return

HELD = ("return_authorisation", "stock_receipt", "stock_move", "write_off", "credit_memo")
_TEE = names.BY_SKU["TEE-BLK-M"]
_MUG = names.BY_SKU["MUG-CREAM"]
_BOWL = names.BY_SKU["BOWL-SLATE"]
_TOWEL = names.BUNDLE_PARTS[-1]
_RECEIVED = {"status": "Received", "pays": False}

Values = dict[str, Any]
Late = Callable[[datetime], Values]


def _nothing(_at: datetime) -> Values:
    return {}


@dataclass(frozen=True, slots=True)
class Plant:
    """`unit`, `order` and `asked` change the records; `change` what we read of them.

    `pieces` of the article were sold, and all of them come back.
    """

    number: int
    article: Article = _TEE
    unit: Late = _nothing
    order: Values = field(default_factory=dict)
    asked: Values = field(default_factory=dict)
    change: Callable[[Return], object] | None = None
    pieces: int = 1

    def pair(self, at: datetime) -> faulty.Pair:
        values = dict(self.asked)
        if "parcel" in values:
            values["shipments"] = [records.shipment(str(self.number), values.pop("parcel"))]
        name, bought = f"SO-{self.number}", [(self.article, self.pieces)]
        sold = records.order(name, bought, at - timedelta(days=9), **self.order)
        units = [
            records.unit(f"{self.number}{place}", self.article, at, **self.unit(at))
            for place in range(1, self.pieces + 1)
        ]
        return sold, records.rma(str(self.number), name, units, at, **values)


@dataclass(frozen=True, slots=True)
class Received:
    """What the ERP's own staff received of a planted return."""

    plant: Plant
    sku: str
    units: int
    place: str
    warehouse: str = "LEE"


def _unit(**values: Any) -> Late:
    return lambda _at: values


def _graded(**values: Any) -> Late:
    return lambda at: faulty.grade(at, **values)


def _not_graded(_at: datetime) -> Values:
    return {"validation": None}


def _sold(article: Article, **values: Any) -> Values:
    return {"lines": [{**records.order_line("1", article, 1), **values}]}


def _of_order(**values: Any) -> Callable[[Return], object]:
    def change(row: Return) -> None:
        order = row.sales_order
        assert order is not None
        for name, value in values.items():
            setattr(order, name, value)
        order.save(update_fields=list(values))

    return change


def _of_order_line(**values: Any) -> Callable[[Return], object]:
    def change(row: Return) -> None:
        assert row.sales_order is not None
        row.sales_order.lines.update(**values)

    return change


def _of_refund(**values: Any) -> Callable[[Return], object]:
    return lambda row: row.refunds.update(**values)


def _of_return(**values: Any) -> Callable[[Return], object]:
    return lambda row: Return.objects.filter(pk=row.pk).update(**values)


def _not_returnable(row: Return) -> None:
    Item.objects.filter(connection=row.bridge.erp_id, sku=_MUG.sku).update(is_returnable=False)


def _coded_anew(row: Return) -> None:
    """Order and shop use the item's old code; its barcode leads to the new one."""
    row.lines.update(sku="BOWL-OLD", sku_key="bowl-old")
    assert row.sales_order is not None
    row.sales_order.lines.update(sku="BOWL-OLD")


def _bought(kind: str, paid: str, **refund: Any) -> Callable[[Return], object]:
    def change(row: Return) -> None:
        _of_order(tenders=[{"kind": kind, "amount": paid}])(row)
        if refund:
            row.refunds.update(**refund)

    return change


def _replaced(row: Return) -> None:
    ExchangeOrder.objects.create(rma=row, order_id="EX-1", number="EX-1", kind="exchange")
    Shipment.objects.create(
        rma=row, external_id="OUT-1", status_raw="Shipped", tracking_number="EX1", is_outbound=True
    )
    Return.objects.filter(pk=row.pk).update(exchange="released")


def _one_never_came(row: Return) -> None:
    """Of two units that were credited, one is told to have stayed away."""
    last = row.lines.order_by("line_no").last()
    assert last is not None
    RmaLine.objects.filter(pk=last.pk).update(inspection="not_returned")


def _not_here_yet(row: Return) -> None:
    row.lines.update(disposition="", disposition_at=None, inspection="not_inspected")
    Return.objects.filter(pk=row.pk).update(
        logistics="in_transit", received_at=None, inspection="not_inspected"
    )


PLAIN = "6001"
# Planned only: every document waits for a run.
PLANNED = [
    Plant(6001),
    Plant(6002, _BOWL, change=_coded_anew),
    Plant(6003, _MUG, change=_not_returnable),
    Plant(
        6004,
        unit=_unit(paid_price="16.67", paid_tax=None),
        asked={"refunded": Decimal("16.67")},
    ),
    Plant(6005, order=_sold(_TEE, discount="2.00", net="15.00", tax="3.00")),
    Plant(6006, change=_of_refund(currency="EUR")),
    Plant(
        6007,
        _TOWEL,
        unit=_unit(paid_price="22.00"),
        order={"lines": records.bundle_lines()},
        asked={"refunded": Decimal("22.00")},
    ),
    Plant(6008, change=_bought("gift_card", "5.00", amount=Decimal(15))),
    Plant(
        6009,
        unit=_unit(paid_price="17.00"),
        asked={"refunded": Decimal("17.00")},
        change=_bought("account", "20.00"),
    ),
    Plant(
        6010,
        change=_bought("account", "20.00", tenders=[{"kind": "card", "amount": "20.00"}]),
    ),
    Plant(6011, order={"invoice_number": ""}),
    Plant(6012, unit=_not_graded, asked={**_RECEIVED, "parcel": "Received"}),
    Plant(6013, unit=_graded(is_restockable=False)),
    Plant(6014, asked={"pays": False}),
    Plant(6015, unit=_unit(resolution_type="ExchangeSameItem"), asked={"pays": False}),
    Plant(6016, asked={"status": "Done"}),
    Plant(
        6017,
        unit=_not_graded,
        asked={"status": "Approved", "pays": False, "parcel": "Shipped"},
        change=_replaced,
    ),
    Plant(6018, unit=_unit(return_fee="3.50")),
]
# The money is paid at once here.
INSTANT = [
    Plant(6101, unit=_not_graded, asked={**_RECEIVED, "parcel": "Received"}),
    Plant(6102, unit=_not_graded, asked={"status": "Approved", "parcel": "Shipped"}),
    Plant(
        6103,
        unit=_not_graded,
        asked={"status": "Rejected", "parcel": "Received"},
    ),
    Plant(6104),
    Plant(
        6105,
        _TOWEL,
        unit=_unit(paid_price="22.00"),
        order={"lines": records.bundle_lines()},
        asked={"refunded": Decimal("22.00")},
    ),
]
RECEIVED = [
    Received(Plant(6201), _TEE.sku, 3, "quarantine"),
    Received(Plant(6202, unit=_not_graded, asked=_RECEIVED), _MUG.sku, 1, "quarantine"),
    Received(Plant(6203, unit=_not_graded, asked=_RECEIVED), _TEE.sku, 1, "shelf"),
    Received(Plant(6204), _TEE.sku, 1, "quarantine", "HUL"),
    Received(
        Plant(6205, unit=_graded(is_restockable=False, non_restockable_reason="Damaged")),
        _TEE.sku,
        1,
        "shelf",
    ),
    Received(Plant(6206), _TEE.sku, 1, "dock 9"),
    Received(Plant(6207, pieces=2), _TEE.sku, 1, "quarantine"),
]
# By the address of the documents that arrive twice; two were sold, so that a second credit fits.
SENT_TWICE = {
    "/api/SimCreditMemo": [Plant(6301, order={"lines": [records.order_line("1", _TEE, 2)]})],
    "/api/SimReturnReceipt": [Plant(6302)],
}
# Carried to the end; what is changed afterwards contradicts the documents.
BOOKED = [
    Plant(6500, pieces=2, change=_one_never_came),
    Plant(6501, change=_of_order_line(tax_code="Z")),
    Plant(6502, change=_of_return(status_raw="Canceled", approval="cancelled")),
]
BOOKED_AFTER_GOODS = [
    Plant(6601, asked={"pays": False}),
    Plant(6602, change=_not_here_yet),
    Plant(6603, unit=_not_graded, asked={"status": "Approved", "parcel": "Shipped"}),
    Plant(6604, unit=_not_graded, asked={"status": "Received", "parcel": "Received"}),
]
UNSENT = [Plant(6701, asked={"pays": False})]
AT_HULL = ("6801", "6802", "6803")
RECENT = [
    *(
        Plant(int(number), unit=_graded(store_location_id=names.LOCATIONS[1][0]))
        for number in AT_HULL
    ),
]
ROUNDED = [Plant(6804, asked={"refunded": Decimal("20.20")})]
