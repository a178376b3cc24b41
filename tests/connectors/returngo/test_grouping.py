from collections import Counter
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.returngo import translate
from connectors.types import Fee, FeeKind, Money

PENCE = st.integers(min_value=0, max_value=99_999).map(lambda pence: Decimal(pence) / 100)
VALIDATIONS = st.sampled_from(
    [
        {"isReturned": False, "isRestockable": False, "lastValidationDate": None},
        {"isReturned": 1, "isRestockable": 1, "lastValidationDate": "2026-03-05T09:30:00+00:00"},
        {"isReturned": True, "isRestockable": 0, "lastValidationDate": "2026-03-05T09:31:00Z"},
        {"isReturned": False, "isRestockable": False, "lastValidationDate": "2026-03-06T00:00:00Z"},
    ]
)
UNITS = st.lists(
    st.fixed_dictionaries(
        {
            "shopLineItemId": st.sampled_from(["L1", "L2"]),
            "sku": st.sampled_from(["TEE-S", "TEE-M"]),
            "price": st.one_of(st.just(Decimal("20.00")), PENCE),
            "returnFee": st.sampled_from([0, Decimal("2.95")]),
            "itemValidationStatusResponse": VALIDATIONS,
        }
    ),
    max_size=40,
)


def as_item(unit_id, unit):
    price = {"amount": unit["price"], "currency": "GBP"}
    rest = {key: value for key, value in unit.items() if key != "price"}
    return {"returnedItemId": unit_id, "paidPrice": price, **rest}


def per_unit(line):
    return tuple(
        Fee(fee.kind, Money(fee.money.amount / line.quantity, fee.money.currency))
        for fee in line.fees
    )


@settings(max_examples=120, deadline=None)
@given(units=UNITS)
def test_grouping_never_loses_or_doubles_a_unit_or_a_penny(make_reply, units):
    items = [as_item(f"u{number}", unit) for number, unit in enumerate(units)]

    rma = translate.rma(make_reply(items=items, transactions=[]))

    told = Counter(unit_id for line in rma.lines for unit_id in line.unit_ids)
    assert told == Counter(item["returnedItemId"] for item in items)
    assert all(line.quantity == len(line.unit_ids) > 0 for line in rma.lines)
    assert sum(line.unit_price.amount * line.quantity for line in rma.lines) == sum(
        unit["price"] for unit in units
    )
    fees = [fee for line in rma.lines for fee in line.fees]
    assert {fee.kind for fee in fees} <= {FeeKind.RETURN}
    assert sum(fee.money.amount for fee in fees) == sum(unit["returnFee"] for unit in units)


@settings(max_examples=60, deadline=None)
@given(units=UNITS)
def test_lines_come_in_the_order_their_first_units_came(make_reply, units):
    items = [as_item(f"u{number}", unit) for number, unit in enumerate(units)]

    rma = translate.rma(make_reply(items=items))

    firsts = [int(line.unit_ids[0][1:]) for line in rma.lines]
    assert firsts == sorted(firsts)
    facts = {
        replace(line, unit_ids=(), quantity=0, disposition_at=None, fees=per_unit(line))
        for line in rma.lines
    }
    assert len(facts) == len(rma.lines)
