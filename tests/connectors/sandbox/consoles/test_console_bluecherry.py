"""What a person changes on BlueCherry's console, the connector reads the next time it asks."""

from decimal import Decimal

import pytest

from connectors.types import DocumentKind
from tests.connectors.contract.plays import GatewayPlay
from tests.connectors.contract.stage_bluecherry import stages
from tests.connectors.sandbox.consoles.console_cast import Person, refusal

HAT = "bluecherry/items/one?key=HAT-OLD"


@pytest.fixture
def play():
    return GatewayPlay(stages()[0])


@pytest.fixture
def person(play):
    return Person(bluecherry=play.twin)


def read_item(play, sku):
    (found,) = play.gateway.find_items([sku])
    return found


def changed_skus(play, since):
    return {row.sku for row in play.gateway.changed_items(since=since).rows}


def test_an_item_that_is_switched_on_is_read_as_active(play, person):
    before = play.gateway.changed_items(since="").watermark
    play.clock.pass_seconds(3600)

    said = person.does(HAT, "switch-on")

    assert said == "HAT-OLD is switched on."
    assert read_item(play, "HAT-OLD").is_active
    assert "HAT-OLD" in changed_skus(play, before)


def test_an_item_is_switched_off_again(play, person):
    person.does(HAT, "switch-on")

    person.does(HAT, "switch-off")

    assert not read_item(play, "HAT-OLD").is_active


NEW = {"sku": "TEE-NAVY-M", "description": "T-shirt <navy>", "upc": "505001", "division": "WOM"}


def test_a_new_item_is_found_by_the_connector_and_by_a_search(play, person):
    person.does("bluecherry/items/", "add", **NEW, unit_cost="5.10", active="on")

    assert read_item(play, "TEE-NAVY-M").is_active
    assert "T-shirt <navy>" in person.text("bluecherry/items/?q=navy")
    assert "<navy>" not in person.read("bluecherry/items/").text
    assert "HAT-OLD" not in person.text("bluecherry/items/?q=navy")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sku": ""}, "SKU: fill this in."),
        ({"sku": "HAT-OLD"}, "HAT-OLD is an item already."),
        ({"sku": "A;B"}, "A;B is no code: use letters, digits, dots, dashes and slashes."),
        ({"division": "ATTIC"}, "Division: choose one from the list."),
        ({"unit_cost": "five"}, "five is no amount: write it like 12.50."),
        ({"unit_cost": "1e3000000"}, "1e3000000 is no amount: write it like 12.50."),
        ({"description": "x" * 201}, "Description: at most 200 characters."),
    ],
)
def test_an_item_that_cannot_be_is_refused_and_what_was_typed_is_kept(play, person, wrong, words):
    before = dict(play.twin.books.items)

    answer = person.post("bluecherry/items/", "add", **{**NEW, "unit_cost": "5.10", **wrong})

    assert refusal(answer) == f"Nothing was changed. {words}"
    assert 'value="505001"' in answer.text
    assert play.twin.books.items == before


def test_a_new_warehouse_is_listed_and_can_be_switched_off(play, person):
    person.does("bluecherry/warehouses/", "add", code="POP", name="Bristol pop-up", division="WOM")
    listed = {row.code: row.is_active for row in play.gateway.list_locations()}

    person.does("bluecherry/warehouses/one?key=POP", "switch-off")

    assert listed == {"LDN": True, "POP": True}
    assert {row.code: row.is_active for row in play.gateway.list_locations()}["POP"] is False


ORDER = {
    "number": "SO-4999",
    "warehouse": "LDN",
    "division": "WOM",
    "currency": "gbp",
    "ordered": "2026-03-01",
    "sku": "DRESS-RED-M",
    "quantity": "2",
    "price": "30.00",
    "rate": "20",
    "tax_code": "S",
}


def test_a_new_order_is_found_with_its_tax_and_may_get_a_second_line(play, person):
    customer = next(iter(play.twin.books.customers))
    person.does("bluecherry/orders/", "add", customer=customer, **ORDER)
    line = {name: ORDER[name] for name in ("sku", "quantity", "price", "rate", "tax_code")}
    person.does("bluecherry/orders/one?key=SO-4999", "line", **{**line, "quantity": "1"})

    (order,) = play.gateway.find_orders(["SO-4999"])

    assert [(row.sku, row.quantity) for row in order.lines] == [
        ("DRESS-RED-M", 2),
        ("DRESS-RED-M", 1),
    ]
    assert "90.00 GBP" in person.text("bluecherry/orders/?q=SO-4999")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sku": "NO-SUCH"}, "NO-SUCH is no item of this system."),
        ({"quantity": "0"}, "Write a whole number from 1 to 1,000."),
        ({"rate": "101"}, "This may not be below 0, nor a rate above 100."),
        ({"currency": "pounds"}, "Write three letters, such as GBP."),
        ({"ordered": "yesterday"}, "Write a day like 2026-11-22."),
    ],
)
def test_an_order_that_cannot_be_is_refused(play, person, wrong, words):
    customer = next(iter(play.twin.books.customers))

    answer = person.post("bluecherry/orders/", "add", customer=customer, **{**ORDER, **wrong})

    assert refusal(answer) == f"Nothing was changed. {words}"
    assert "SO-4999" not in play.twin.books.orders


@pytest.fixture
def credit(play):
    """A posted credit, its draft and the address of its page."""
    draft = play.draft(DocumentKind.CREDIT_MEMO)
    play.gateway.create(draft)
    (state,) = play.found(draft)
    return draft, state, f"bluecherry/documents/one?key={state.number}"


def test_the_total_of_a_credit_is_what_was_typed_until_it_is_put_back(play, person, credit):
    draft, sent, page = credit
    person.does(page, "total", total="41.50")
    changed = play.found(draft)[0].gross

    person.does(page, "restore")

    assert changed == Decimal("41.50")
    assert play.found(draft)[0].gross == sent.gross


def test_a_credit_is_made_void(play, person, credit):
    _, sent, page = credit

    person.does(page, "void")

    assert [row["status"] for row in play.twin.documents() if row["doc_num"] == sent.number] == [
        "REJECTED"
    ]


def test_a_credit_is_not_worth_less_than_nothing(play, person, credit):
    draft, sent, page = credit

    answer = person.post(page, "total", total="-1")

    assert refusal(answer) == "Nothing was changed. A credit is worth more than nothing."
    assert play.found(draft)[0].gross == sent.gross


def test_a_month_is_closed_and_opened_again(play, person):
    assert person.does("bluecherry/months/", "close", month="2026-02") == "2026-02 is closed."
    closed = play.twin.books.closed_periods

    person.does("bluecherry/months/", "reopen", month="2026-02")

    assert closed == {"2026-02"}
    assert play.twin.books.closed_periods == frozenset()


def test_a_month_nobody_can_read_is_refused(play, person):
    answer = person.post("bluecherry/months/", "close", month="Feb 2026")

    assert refusal(answer) == "Nothing was changed. Write a month like 2026-11."
    assert play.twin.books.closed_periods == frozenset()
