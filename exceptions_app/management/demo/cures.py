"""What ends each planted defect: what the other side tells next, and which button is pressed.

Beside `planting`: what is sown there is mended here, and nothing is closed by hand but where the
type says that a person's decision closes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from exceptions_app.choices import FixKind, MappingKind
from exceptions_app.management.demo import names, planting, records
from exceptions_app.management.demo.planting import Plant
from exceptions_app.management.demo.records import Record
from exceptions_app.management.demo.staff import Staff
from exceptions_app.management.demo.world import World
from exceptions_app.models import Case
from exceptions_app.rules.mapping import NO_ITEM
from exceptions_app.services import differences, triage

_PLANTS = {
    plant.number: plant
    for plants in (
        planting.PLANNED,
        planting.INSTANT,
        planting.BOOKED,
        planting.BOOKED_AFTER_GOODS,
        [row.plant for row in planting.RECEIVED],
    )
    for plant in plants
}


def _plain(number: int, **asked: Any) -> Plant:
    """The return as it should have been told: graded, and paid back."""
    return replace(_PLANTS[number], unit=lambda _at: {}, asked=asked)


# What the platform tells next, by bridge.
TOLD: dict[str, list[Plant]] = {
    "outlet": [
        _plain(6006),
        _plain(6010),
        _plain(6012),
        _plain(6013),
        _plain(6014),
        replace(
            _PLANTS[6015],
            asked={
                "pays": False,
                "exchange_orders": [
                    {
                        "draft_order_id": "D-6015",
                        "order_id": "88015",
                        "order_name": "EX-6015",
                        "type": "exchange",
                    }
                ],
            },
        ),
        _plain(6016, status="Validated"),
        _plain(6017),
    ],
    "uk": [_plain(6500), _plain(6502)],
    "counter": [_plain(6601), _plain(6603), _plain(6604)],
    "home": [_plain(6101), _plain(6102), _plain(6103)],
    "fr": [_plain(6202), _plain(6203)],
    "kids": [],
    "de": [],
}


def told(code: str, at: datetime) -> list[Record]:
    """The returns of a bridge as its platform tells them once the other side did its part."""
    found = [plant.pair(at)[1] for plant in TOLD[code]]
    if code == "uk":
        dress = names.BY_SKU["DRS-BLK-S"]
        for number in ("4250", "4999"):
            units = [records.unit(f"{number}1", dress, at)]
            found.append(records.rma(number, f"SO-{number}", units, at))
    if code == "kids":
        tee = names.BY_SKU["TEE-BLK-M"]
        units = [records.unit("none-of-ours", tee, at)]
        found.append(records.rma("6402", "SO-6402", units, at, pays=False))
    return found


def booked(code: str, at: datetime) -> Record:
    """What the ERP lacked, or has another way now: orders and items."""
    orders = [
        records.order(number, [(names.BY_SKU[sku], 1)], at)
        for number, sku in _LATE_ORDERS.get(code, {}).items()
    ]
    if code != "outlet":
        return {"orders": orders}
    invoiced, _ = replace(_PLANTS[6011], order={}).pair(at)
    return {"orders": [*orders, invoiced], "items": [records.item(names.DISCONTINUED)]}


_LATE_ORDERS = {
    "outlet": {"SO-19999": "TEE-BLK-M"},
    "uk": {"SO-4999": "DRS-BLK-S"},
    "kids": {"SO-6402": "TEE-BLK-M"},
}

# What the ERP's own staff correct: return, item, units, place, warehouse and the receipt's number.
CORRECTED: list[tuple[int, str, int, str, str, str]] = [
    (6201, "TEE-BLK-M", 1, "quarantine", "LEE", "GR-6201"),
    (6202, "TEE-BLK-M", 1, "quarantine", "LEE", "GR-6202"),
    (6204, "TEE-BLK-M", 1, "quarantine", "LEE", "GR-6204"),
    (6207, "TEE-BLK-M", 1, "quarantine", "LEE", "GR-6207-2"),
]

Press = Callable[[World, Staff, Case], object]


@dataclass(frozen=True, slots=True)
class Button:
    """What a person does with one exception of a type; of a return's where `number` is given."""

    type: str
    press: Press
    number: str = ""


def _mapped(kind: FixKind, fact: str, **target: str) -> Press:
    assert kind in MappingKind.values

    def press(_world: World, staff: Staff, case: Case) -> object:
        return staff.decide(case, kind, value=case.facts[fact], **target)

    return press


def _settled(act: str) -> Press:
    return lambda _world, staff, case: staff.settle(case, act)


def _decided(kind: FixKind, **payload: str) -> Press:
    return lambda _world, staff, case: staff.decide(case, kind, **payload)


def _compared(world: World, staff: Staff, case: Case) -> object:
    return triage.close_by_hand(
        case_id=case.pk,
        reason="nothing_missing",
        note="",
        actor=staff.integrator(),
        now=world.clock.now,
    )


def _sent_again(_world: World, staff: Staff, case: Case) -> object:
    return staff.decide(case, FixKind.RETRY, posting_id=case.posting_id)


def _linked(world: World, staff: Staff, case: Case) -> object:
    """The number that the ERP shows for the document that stays."""
    assert case.posting is not None
    assert case.bridge is not None
    key = case.posting.key
    number = next(row.number for row in world.booked(case.bridge.code) if row.key == key)
    return staff.decide(case, FixKind.LINK_DOCUMENT, posting_id=case.posting_id, number=number)


def _next_day(world: World, staff: Staff, case: Case) -> object:
    """A day of the month that is still open."""
    open_day = world.clock.now.replace(day=1).date()
    following = (open_day.replace(day=28).toordinal()) + 4
    return staff.decide(
        case,
        FixKind.POSTING_DATE,
        date=type(open_day).fromordinal(following).replace(day=1).isoformat(),
    )


BUTTONS: list[Button] = [
    Button("SKU_UNKNOWN", _mapped(FixKind.SKU_ALIAS, "sku", sku="TEE-BLK-M")),
    Button("SKU_AMBIGUOUS", _mapped(FixKind.SKU_ALIAS, "sku", sku="GLV-BLK-A")),
    Button("VARIANT_CHANGED", _mapped(FixKind.SKU_ALIAS, "sku", sku="BOWL-SLATE")),
    Button("REASON_UNMAPPED", _mapped(FixKind.REASON, "source_value", code="QUAL")),
    Button("DISPOSITION_UNMAPPED", _mapped(FixKind.DISPOSITION, "source_value", bucket="damaged")),
    Button("PLACE_UNMAPPED", _mapped(FixKind.DISPOSITION, "source_value", bucket="quarantine")),
    Button(
        "WAREHOUSE_UNMAPPED",
        _mapped(FixKind.LOCATION, "location", division="10", warehouse="HUL"),
    ),
    Button(
        "DIVISION_MISMATCH",
        _mapped(FixKind.LOCATION, "location", division="10", warehouse="HUL"),
        number="6801",
    ),
    Button("STATUS_UNMAPPED", _mapped(FixKind.STATUS, "source_value", axis="authorised")),
    Button("VAT_SETTING", _mapped(FixKind.VAT, "setting", treatment="included")),
    Button(
        "COMPONENT_MISSING",
        _mapped(FixKind.FEE, "component", component="shipping", erp_code="FRT"),
    ),
    Button("LOCATION_MISSING", _decided(FixKind.SET_LOCATION, location="Leeds returns centre")),
    Button("PERIOD_CLOSED", _next_day, number=planting.PLAIN),
    Button("B2B_PRICE", _settled(differences.ACCEPT)),
    Button("BUNDLE_PARTIAL", _settled(differences.CORRECT)),
    Button("DISCOUNT_ALLOCATION", _settled(differences.ACCEPT)),
    Button("TAX_PRORATA", _settled(differences.CORRECT)),
    Button("TENDER_SPLIT", _settled(differences.ACCEPT)),
    Button(
        "TENDER_UNMAPPED", _mapped(FixKind.FEE, "source_value", component="refund", erp_code="8")
    ),
    Button("FEE_MISMATCH", _settled(differences.ACCEPT)),
    Button("REFUND_CM_MISMATCH", _settled(differences.ACCEPT), number="4036"),
    Button("REFUND_OVER_LINE", _settled(differences.ACCEPT)),
    Button("OVER_RETURN", _settled(differences.ACCEPT)),
    Button("QUOTE_CHANGED", _settled(differences.ACCEPT)),
    Button("CM_REJECTED", _sent_again),
    Button("RECEIPT_NOT_POSTED", _sent_again, number="4211"),
    Button("RETRY_EXHAUSTED", _sent_again),
    Button("SILENT_SUCCESS", _sent_again),
    Button("JOB_STUCK", _sent_again),
    Button("NOTIFY_FAILED", _sent_again),
    Button("CM_DUPLICATE", _linked),
    Button("DUPLICATE_STOCK_MOVE", _linked),
    Button("OUTCOME_UNKNOWN", _linked, number="4230"),
    Button("PROMO_SKU", _mapped(FixKind.SKU_ALIAS, "sku", sku=NO_ITEM)),
    Button("DUPLICATE_SIGNAL", _compared),
]
