"""BlueCherry and Reveni as their preset has it: what only this platform does, to the books."""

from decimal import Decimal

import pytest

from connectors.types import DocumentKind
from tests import world as small
from tests.pairs.pair_world import make_pair

pytestmark = pytest.mark.django_db

ONE = "a" * 32


@pytest.fixture
def world():
    world = make_pair("bluecherry", "reveni")
    world.map("location", "Leeds DC", world.place("Leeds"))
    world.map("reason", "Does not fit", {"code": "FIT"})
    # Two T-shirts and a mug at 20.00 each, tax in it.
    world.load_erp(
        {
            "orders": [
                small.make_order(
                    "SO-1",
                    lines=[
                        small.make_order_line(),
                        small.make_order_line(
                            line_id="2",
                            sku="MUG-RED",
                            description="Mug red",
                            quantity=1,
                            net="16.67",
                            tax="3.33",
                        ),
                    ],
                )
            ]
        }
    )
    return world


def ask(world, *, mode, **changes):
    common = {"price": "20.00", "tax": "3.33", "reason": "Does not fit", "location": "Leeds DC"}
    world.platform.load(
        {
            "transactions": [
                {
                    "id": ONE,
                    "mode": mode,
                    "order_name": "SO-1",
                    "currency": "GBP",
                    "created_at": world.clock.now,
                    "products": [
                        {"id": "p1", "sku": "TEE-BLK-M", "order_line_id": "1", **common},
                        {"id": "p2", "sku": "MUG-RED", "order_line_id": "2", **common},
                    ],
                    **changes,
                }
            ]
        }
    )


def booked(world):
    return [(row.kind, row.units, row.gross) for row in world.booked()]


AUTHORISED = (DocumentKind.RETURN_AUTHORISATION, 2, Decimal(0))
ACCEPT = {"status": "ACCEPTED", "restock": "RESTOCK"}
KEPT = {"status": "REJECTED", "rejection_reason": "CUSTOMER_CHANGED_MIND"}


def test_a_partly_accepted_return_is_booked_and_credited_for_what_was_accepted(world):
    ask(world, mode="NOT_INSTANT")
    world.carry()
    before = booked(world)
    world.clock.advance(hours=1)
    world.platform.advance(ONE, state="RECEIVED")
    world.platform.advance(ONE, decisions={"p1": ACCEPT, "p2": KEPT})

    world.carry()

    assert before == [AUTHORISED]
    assert booked(world) == [
        AUTHORISED,
        (DocumentKind.STOCK_RECEIPT, 1, Decimal(0)),
        (DocumentKind.CREDIT_MEMO, 1, Decimal("20.00")),
    ]
    assert world.open_types() == []


def test_an_instant_refund_moves_nothing_in_the_books_before_the_goods(world):
    ask(world, mode="INSTANT")

    world.carry()

    assert world.platform.documents() == []
    assert booked(world) == [AUTHORISED]


def test_the_cost_of_a_product_rejected_after_an_instant_refund_is_for_finance_to_settle(world):
    ask(world, mode="INSTANT")
    world.carry()
    world.clock.advance(hours=1)
    world.platform.advance(ONE, state="RECEIVED")
    world.platform.advance(ONE, decisions={"p1": ACCEPT, "p2": KEPT})

    world.carry()

    # 40.00 were refunded, one product is due: who bears the other is not ours to decide.
    assert (DocumentKind.STOCK_RECEIPT, 1, Decimal(0)) in booked(world)
    assert not any(row.kind is DocumentKind.CREDIT_MEMO for row in world.booked())
    assert world.open_types() == ["REFUND_CM_MISMATCH"]


def test_what_is_accepted_by_itself_is_credited_and_moves_no_stock(world):
    ask(world, mode="INSTANT")
    world.carry()
    world.clock.advance(days=30, minutes=1)

    world.carry()

    assert booked(world) == [AUTHORISED, (DocumentKind.CREDIT_MEMO, 2, Decimal("40.00"))]
