"""Which facts each read must find in a reply, and of what type they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connectors.profiled.hints import nearest


class FactType(StrEnum):
    TEXT = "text"
    DECIMAL = "decimal"
    INTEGER = "integer"
    BOOL = "bool"
    DATETIME = "datetime"
    # Lists of objects with these names: {code, amount}, {code, amount, scope}, {kind, amount}.
    TAXES = "taxes"
    DISCOUNTS = "discounts"
    TENDERS = "tenders"


@dataclass(frozen=True, slots=True)
class Fact:
    """`is_required`: the profile must say where it is, and a reply without it is unreadable.

    With `can_be_empty` the profile must still place it, but one record may lack it.
    """

    type: FactType = FactType.TEXT
    is_required: bool = False
    can_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    fields: Mapping[str, Fact]
    line_fields: Mapping[str, Fact] = field(default_factory=dict)


_TEXT = Fact()
_NEEDED = Fact(is_required=True)
_AMOUNT = Fact(FactType.DECIMAL)
_NEEDED_AMOUNT = Fact(FactType.DECIMAL, is_required=True)
_NEEDED_COUNT = Fact(FactType.INTEGER, is_required=True)
_FLAG = Fact(FactType.BOOL)
_KEY_PART = "key_parts."

_LOCATION = Target({"code": _NEEDED, "name": _TEXT, "division": _TEXT, "is_active": _FLAG})
_ITEM = Target(
    {
        "erp_id": _NEEDED,
        # One variant without a SKU must not stop the reading of the whole item master.
        "sku": Fact(is_required=True, can_be_empty=True),
        "barcode": _TEXT,
        "description": _TEXT,
        "division": _TEXT,
        "is_active": _FLAG,
        "is_returnable": _FLAG,
        "unit_cost": _AMOUNT,
    }
)
_ORDER = Target(
    {
        "erp_id": _NEEDED,
        "number": _NEEDED,
        "customer_code": _NEEDED,
        "customer_name": _TEXT,
        "vat_setting": _TEXT,
        "currency": _NEEDED,
        "division": _TEXT,
        "warehouse": _TEXT,
        "invoice_number": _TEXT,
        "ordered_at": Fact(FactType.DATETIME, is_required=True),
        "shipping_net": _AMOUNT,
        "shipping_tax": _AMOUNT,
        "shipping_tax_code": _TEXT,
        "shipping_discount": _AMOUNT,
        "prices_include_tax": _FLAG,
        "tenders": Fact(FactType.TENDERS),
    },
    {
        "line_id": _NEEDED,
        "sku": _NEEDED,
        "description": _TEXT,
        "quantity": _NEEDED_COUNT,
        "unit_price": _NEEDED_AMOUNT,
        "discount": _AMOUNT,
        "net": _NEEDED_AMOUNT,
        "tax": _NEEDED_AMOUNT,
        "tax_code": _TEXT,
        "taxes": Fact(FactType.TAXES),
        "discounts": Fact(FactType.DISCOUNTS),
        "parent_line_id": _TEXT,
        "duty": _AMOUNT,
    },
)
_DOCUMENT = Target(
    {
        "key": _NEEDED,
        "external_id": _NEEDED,
        "number": _TEXT,
        "status": _NEEDED,
        "units": _NEEDED_COUNT,
        "gross": _AMOUNT,
        "tax": _AMOUNT,
        "taxes": Fact(FactType.TAXES),
        "open_amount": _AMOUNT,
        "currency": _TEXT,
        "warehouse": _TEXT,
        "division": _TEXT,
        "posted_at": Fact(FactType.DATETIME),
        "refusal_code": _TEXT,
        "refusal_field": _TEXT,
        "refusal_text": _TEXT,
    }
)

TARGETS: Mapping[str, Target] = {
    "list_locations": _LOCATION,
    "changed_items": _ITEM,
    "find_item": _ITEM,
    "find_item_by_barcode": _ITEM,
    "find_order": _ORDER,
    "find_document": _DOCUMENT,
}


def fact(wanted: Mapping[str, Fact], name: str) -> Fact:
    """The fact called `name`; the ERP's own key parts are free text under any name."""
    return wanted.get(name, _TEXT)


def problems(wanted: Mapping[str, Fact], given: Iterable[str], part: str) -> list[str]:
    """What `given` lacks or should not have, as sentences after the place, which is in `part`."""
    names = set(given)
    lacking = sorted(
        name for name, needed in wanted.items() if needed.is_required and name not in names
    )
    unknown = sorted(
        name for name in names if name not in wanted and not _is_key_part(wanted, name)
    )
    return [f"{part}.{name}: it is required" for name in lacking] + [
        f"{part}.{name}: it is not known{nearest(name, wanted)}; expected one of {sorted(wanted)}"
        for name in unknown
    ]


def _is_key_part(wanted: Mapping[str, Fact], name: str) -> bool:
    return wanted is _ITEM.fields and name.startswith(_KEY_PART) and name != _KEY_PART
