"""Rooms that every ERP's console has: the twins take in the same plain records, each in its way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.sandbox.consoles import reading
from connectors.sandbox.consoles.room import Act, Choices, Field, Values, Wrong

Record = dict[str, Any]


def item_fields(divisions: Choices) -> tuple[Field, ...]:
    """What a new item is asked for; without divisions the ERP has none."""
    division = Field(name="division", label="Division", kind="choice", choices=divisions)
    return (
        Field(name="sku", label="SKU"),
        Field(name="description", label="Description"),
        Field(name="upc", label="Barcode", is_required=False),
        *((division,) if divisions else ()),
        Field(name="unit_cost", label="Unit cost", hint="Such as 5.10", is_required=False),
        Field(name="active", label="Active", kind="tick", value="on"),
    )


def item(values: Values) -> Record:
    """The plain record of a new item, active or not."""
    sku = reading.code(values, "sku")
    style, _, rest = sku.partition("-")
    return {
        "sku": sku,
        "style": style,
        "color_code": rest,
        "size_desc": "OS",
        "upc": reading.code(values, "upc"),
        "description": values["description"],
        "division": values.get("division", ""),
        "active": values["active"] == "on",
        "unit_cost": reading.amount(values, "unit_cost"),
    }


PLACE_FIELDS = (
    Field(name="code", label="Code", hint="Such as HUL"),
    Field(name="name", label="Name"),
)
LINE_FIELDS = (
    Field(name="sku", label="SKU", hint="An item of this system"),
    Field(name="quantity", label="Units", value="1"),
    Field(name="price", label="Price of one, tax in", hint="Such as 20.00"),
    Field(name="rate", label="Tax rate in percent", value="20"),
    Field(name="tax_code", label="Tax code", value="S", is_required=False),
)


def order_fields(
    customers: Choices, divisions: Choices, warehouses: Choices, currency: str, today: str
) -> tuple[Field, ...]:
    """What a new order of one line is asked for."""

    def chosen(choices: Choices) -> str:
        return choices[0][0] if choices else ""

    division = Field(
        name="division",
        label="Division",
        kind="choice",
        choices=divisions,
        value=chosen(divisions),
    )
    return (
        Field(name="number", label="Order number", hint="Such as SO-4999"),
        Field(
            name="customer",
            label="Customer",
            kind="choice",
            choices=customers,
            value=chosen(customers),
        ),
        *((division,) if divisions else ()),
        Field(
            name="warehouse",
            label="Warehouse",
            kind="choice",
            choices=warehouses,
            value=chosen(warehouses),
        ),
        Field(name="currency", label="Currency", value=currency),
        Field(name="ordered", label="Ordered on", kind="date", value=today),
        *LINE_FIELDS,
    )


def order(values: Values, line: Record) -> Record:
    """The plain record of a new order, invoiced under a number made of its own."""
    number = reading.code(values, "number")
    return {
        "number": number,
        "customer": values["customer"],
        "division": values.get("division", ""),
        "warehouse": values["warehouse"],
        "currency": _currency(values),
        "ordered_at": reading.day(values, "ordered"),
        "invoice_number": f"INV-{number}",
        "shipping_net": "0.00",
        "shipping_tax": "0.00",
        "shipping_tax_code": "Z",
        "lines": [line],
    }


def order_line(values: Values, line_id: str, description: str) -> Record:
    """A sold line; net and tax are of one unit, rounded, times the units."""
    quantity = reading.units(values, "quantity")
    price = Decimal(reading.amount(values, "price"))
    rate = Decimal(reading.amount(values, "rate"))
    if price < 0 or not 0 <= rate <= 100:
        raise Wrong(
            "price" if price < 0 else "rate", "This may not be below 0, nor a rate above 100."
        )
    net = (price / (1 + rate / 100)).quantize(Decimal("0.01"))
    return {
        "line_id": line_id,
        "sku": reading.code(values, "sku"),
        "description": description,
        "quantity": quantity,
        "unit_price": str(price),
        "discount": "0.00",
        "net": str(net * quantity),
        "tax": str((price - net) * quantity),
        "tax_code": values["tax_code"],
    }


def month_acts(closed: frozenset[str], put: Any) -> tuple[Act, ...]:
    """Close a month, or open it again; `put` takes the closed months there are then."""

    def close(values: Values) -> str:
        month = reading.month(values, "month")
        if month in closed:
            raise Wrong("month", f"{month} is closed already.")
        put({*closed, month})
        return f"{month} is closed."

    def reopen(values: Values) -> str:
        put(closed - {values["month"]})
        return f"{values['month']} is open again."

    choices = tuple((month, month) for month in sorted(closed, reverse=True))
    asked = Field(name="month", label="Month", kind="month", hint="Such as 2026-10")
    chosen = Field(name="month", label="Closed month", kind="choice", choices=choices)
    closing = Act(code="close", label="Close a month", fields=(asked,), carry=close)
    opening = Act(code="reopen", label="Open a month again", fields=(chosen,), carry=reopen)
    return (closing, opening) if closed else (closing,)


def _currency(values: Values) -> str:
    value = values["currency"].upper()
    if len(value) != 3 or not value.isascii() or not value.isalpha():
        raise Wrong("currency", "Write three letters, such as GBP.")
    return value
