"""What a person changes on Reveni's and Shopify's consoles, their connectors read next."""

import pytest

from connectors.types import Inspection
from tests.connectors.contract.plays import SourcePlay
from tests.connectors.contract.roster import SOURCES
from tests.connectors.sandbox.consoles.console_cast import Person, refusal


def play_of(system):
    return SourcePlay(next(stage for stage in SOURCES if stage.name.startswith(system)))


@pytest.fixture
def reveni():
    play = play_of("reveni")
    play.twin.load(
        {
            "transactions": [
                {
                    "id": "a" * 32,
                    "order_name": "SO-1",
                    "currency": "GBP",
                    "products": [{"id": "p1", "sku": "TEE", "price": "20.00", "quantity": 1}],
                }
            ]
        }
    )
    return play


PAGE = f"reveni/returns/one?key={'a' * 32}"


def test_a_product_is_accepted_and_the_state_follows(reveni):
    person = Person(reveni=reveni.twin)
    person.does(PAGE, "state", state="RECEIVED")

    person.does(PAGE, "decide", product="p1", verdict="no_restock")

    assert reveni.source.rma("a" * 32).lines[0].inspection is Inspection.PASSED
    assert "ACCEPTED NO_RESTOCK" in person.text(PAGE)
    assert "State ACCEPTED" in person.text(PAGE)


def test_a_rejection_says_why(reveni):
    answer = Person(reveni=reveni.twin).post(PAGE, "decide", product="p1", verdict="reject")

    assert refusal(answer) == "Nothing was changed. Say why it is rejected."
    assert reveni.twin.books.get("a" * 32).products[0]["status"] == "PENDING_VALIDATION"


@pytest.fixture
def shopify():
    play = play_of("shopify")
    play.twin.load(
        {
            "orders": [
                {
                    "id": 990,
                    "name": "SO-990",
                    "created_at": "2026-03-02T09:00:00+00:00",
                    "lines": [
                        {"id": 991, "sku": "TEE", "name": "T", "quantity": 3, "price": "20.00"}
                    ],
                    "returns": [
                        {
                            "id": 992,
                            "status": "OPEN",
                            "lines": [{"id": 993, "line_id": 991, "quantity": 3}],
                        }
                    ],
                }
            ]
        }
    )
    return play


ORDER = "shopify/orders/one?key=990"


def test_units_and_status_of_a_return_are_changed(shopify):
    person = Person(shopify=shopify.twin)
    person.does(ORDER, "quantity", line="993", quantity="2")

    person.does(ORDER, "status", **{"return": "992", "status": "CLOSED"})

    rma = shopify.source.rma("992")
    assert [line.quantity for line in rma.lines] == [2]
    assert rma.status == "CLOSED"


def test_units_nobody_can_return_are_refused(shopify):
    answer = Person(shopify=shopify.twin).post(ORDER, "quantity", line="993", quantity="-1")

    assert refusal(answer) == "Nothing was changed. Write a whole number from 0 to 1,000."
    assert [line.quantity for line in shopify.source.rma("992").lines] == [3]
