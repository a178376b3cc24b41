"""Which order lines a credit takes back, and which returns come of it."""

import csv
import io
from collections import Counter
from decimal import Decimal

import pytest

from exceptions_app.services.replay import matching, reading
from tests.exceptions_app.replay.lines_cast import lines_of, retailer_bytes, row


def made(*rows):
    """Each return as (order, [(line id or "", units), …])."""
    return [
        (
            found.order_number,
            [(part.sold.line_id if part.sold else "", part.units) for part in found.parts],
        )
        for found in matching.returns_of(lines_of(*rows))
    ]


def order(number, quantity=10, price="2.95", day=1, **values):
    return row(number, "20001", quantity, price, date=f"2010-01-{day:02d}T10:00:00", **values)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [order("500", day=1), order("501", day=2), row("C1", "20001", -3, "2.95")],
            [("501", [("1", 3)])],
            id="latest-before",
        ),
        pytest.param(
            [
                order("500", day=1),
                order("501", price="3.10", day=2),
                row("C1", "20001", -3, "2.95"),
            ],
            [("500", [("1", 3)])],
            id="same-price-first",
        ),
        pytest.param(
            [order("500", 4, day=1), order("501", 2, day=2), row("C1", "20001", -5, "2.95")],
            [("501", [("1", 2)]), ("500", [("1", 3)])],
            id="over-several-orders",
        ),
        pytest.param(
            [order("500", customer="9"), row("C1", "20001", -3, "2.95")],
            [("", [("", 3)])],
            id="another-customer",
        ),
        pytest.param(
            [order("500", customer=""), row("C1", "20001", -3, "2.95", customer="")],
            [("", [("", 3)])],
            id="blank-customer",
        ),
        pytest.param(
            [
                row("500", "20001", 9, "2.95", date="2010-03-02T10:01:00"),
                row("C1", "20001", -3, "2.95"),
            ],
            [("", [("", 3)])],
            id="bought-later",
        ),
        pytest.param(
            [row("500", "20001b", 9, "2.95"), row("C1", "20001B", -3, "2.95")],
            [("500", [("1", 3)])],
            id="letter-case",
        ),
        pytest.param(
            [order("500", 4), row("C1", "20001", -6, "2.95")],
            [("500", [("1", 6)])],
            id="more-than-bought",
        ),
        pytest.param(
            [
                order("500", 2),
                row("C1", "20001", -2, "2.95"),
                row("C2", "20001", -1, "2.95", date="2010-03-03T10:00:00"),
            ],
            [("500", [("1", 2)]), ("500", [("1", 1)])],
            id="each-unit-once",
        ),
        pytest.param(
            [
                order("500"),
                row("500", "20002", 5, "1.00", date="2010-01-01T10:00:00"),
                row("C1", "20001", -1, "2.95"),
                row("C1", "20002", -1, "1.00"),
            ],
            [("500", [("1", 1), ("2", 1)])],
            id="one-order-one-return",
        ),
        pytest.param(
            [
                order("500"),
                row("500", "POST", 1, "18", date="2010-01-01T10:00:00"),
                row("C1", "20001", -1, "2.95"),
                row("C1", "post", -1, "18"),
            ],
            [("500", [("1", 1)]), ("500", [("2", 1)])],
            id="charges-apart",
        ),
        pytest.param(
            [
                order("500"),
                row("500", "20002", 5, "1.00", date="2010-01-01T10:00:00"),
                row("C1", "20001", -1, "2.95"),
                row("C1", "20002", -1, "1.20"),
            ],
            [("500", [("1", 1)]), ("500", [("2", 1)])],
            id="another-price-apart",
        ),
    ],
)
def test_a_credit_takes_units_of_earlier_orders(rows, expected):
    assert made(*rows) == expected


def test_credits_take_their_units_in_time_order_whatever_the_files_order():
    late = row("C2", "20001", -2, "2.95", date="2010-03-05T10:00:00")
    early = row("C1", "20001", -2, "2.95", date="2010-03-04T10:00:00")

    returns = matching.returns_of(lines_of(late, early, order("500", 2)))

    assert [(found.external_id, found.parts[0].is_excess) for found in returns] == [
        ("C1-1", False),
        ("C2-1", True),
    ]


def test_a_matter_too_large_for_one_reply_goes_over_several_returns():
    returns = matching.returns_of(lines_of(order("500", 50_000), row("C1", "20001", -45_000, "1")))

    assert [part.units for found in returns for part in found.parts] == [20_000, 20_000, 5_000]
    items = [part.item_id for found in returns for part in found.parts]
    assert items == ["C1.1.1x1", "C1.1.1x2", "C1.1.1x3"]
    assert [found.external_id for found in returns] == ["C1-1", "C1-2", "C1-3"]


def test_a_retailers_year_keeps_every_unit_and_penny():
    raw = retailer_bytes()
    plain = [
        (int(cells["quantity"]), Decimal(cells["unit_price_gbp"]))
        for cells in csv.DictReader(io.StringIO(raw.decode()))
        if cells["invoice"].startswith("C")
    ]

    returns = matching.returns_of(reading.read(raw))

    parts = [part for found in returns for part in found.parts]
    assert sum(part.units for part in parts) == -sum(quantity for quantity, _ in plain)
    assert sum(found.refund for found in returns) == -sum(n * price for n, price in plain)
    assert len({part.credit.row for part in parts}) == len(plain)
    ids = Counter(found.external_id for found in returns) + Counter(part.item_id for part in parts)
    assert set(ids.values()) == {1}
    taken = Counter()
    for part in parts:
        if part.sold and not part.is_excess:
            taken[part.sold.line.row, part.sold.line.units] += part.units
    assert all(units <= sold for (_, sold), units in taken.items())
