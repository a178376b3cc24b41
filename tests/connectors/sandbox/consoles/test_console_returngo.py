"""What a person changes on ReturnGO's console, the connector reads the next time it asks."""

from decimal import Decimal

import pytest

from connectors.sandbox.returngo import ReturnGoTwin
from connectors.types import Inspection
from tests.connectors.contract.plays import SourcePlay
from tests.connectors.contract.stage_returngo import stages
from tests.connectors.sandbox.consoles.console_cast import Person, refusal

RMA = "6100042"
PAGE = f"returngo/returns/one?key={RMA}"


@pytest.fixture
def play():
    return SourcePlay(stages()[0])


@pytest.fixture
def person(play):
    return Person(returngo=play.twin)


def doubled(play):
    """The return tells its first item twice, with different facts."""
    items = [dict(row) for row in play.twin.books.rma(RMA).rows("items")]
    play.twin.load({"changes": [{"rma_id": RMA, "items": [*items, {**items[0], "sku": "OTHER"}]}]})
    return len(items)


def test_a_doubled_line_is_removed_and_the_return_listed_as_changed(play, person):
    before = doubled(play)
    play.clock.pass_seconds(3600)
    asked_at = play.clock()

    said = person.does(PAGE, "remove", line=str(before + 1))

    assert said == f"Line {before + 1} is removed."
    assert len(play.source.rma(RMA).lines) == before
    assert [row.external_id for row in play.source.changed_rmas(since=asked_at).rows] == [RMA]


def test_units_sku_and_reason_of_a_line_are_corrected(play, person):
    person.does(PAGE, "line", line="1", quantity="3", sku="TEE-OAT-M", reason="Arrived damaged")

    line = play.source.rma(RMA).lines[0]
    assert (line.sku, line.quantity, line.reason) == ("TEE-OAT-M", 3, "Arrived damaged")


@pytest.mark.parametrize(
    ("act", "typed", "words"),
    [
        ("line", {"line": "1"}, "Fill in what is to be different."),
        ("line", {"line": "1", "quantity": "two"}, "Write a whole number from 1 to 1,000."),
        ("line", {"line": "99", "quantity": "2"}, "Line: choose one from the list."),
        ("status", {"status": "Lost"}, "Status: choose one from the list."),
        ("pay", {"amount": "lots"}, "lots is no amount: write it like 12.50."),
        (
            "grade",
            {"line": "1", "verdict": "bad"},
            "Say why, in the platform's own word, such as Damaged.",
        ),
        ("melt", {}, "This can no longer be done here: the record has changed meanwhile."),
    ],
)
def test_what_cannot_be_is_refused_and_the_return_stays(play, person, act, typed, words):
    before = play.twin.books.rma(RMA)

    answer = person.post(PAGE, act, **typed)

    assert refusal(answer) == f"Nothing was changed. {words}"
    assert play.twin.books.rma(RMA) == before


def test_a_status_is_changed(play, person):
    person.does(PAGE, "status", status="Canceled")

    assert play.source.rma(RMA).status == "Canceled"


def test_an_inspected_line_tells_its_verdict(play, person):
    person.does(PAGE, "grade", line="1", verdict="bad", words="Soiled", place="Leeds")

    assert play.source.rma(RMA).lines[0].inspection is Inspection.FAILED


def test_a_refund_is_paid_and_then_fails(play, person):
    known = len(play.twin.books.rma(RMA).rows("transactions"))
    person.does(PAGE, "pay", amount="12.5")
    paid = play.source.rma(RMA).refunds[-1]

    person.does(PAGE, "refund", refund=paid.external_id, status="Failed")

    assert paid.money.amount == Decimal("12.50")
    assert len(play.source.rma(RMA).refunds) == known + 1
    assert play.source.rma(RMA).refunds[-1].status == "Failed"


def test_a_return_is_told_once_more_as_it_stands(play):
    sent = []
    twin = ReturnGoTwin(post=lambda url, body, headers: sent.append(body))
    twin.load({"rmas": [{"rma_id": "7", "status": "Approved"}]})
    twin._subscribe("1", {"url": "http://here/", "eventName": "RMA_STATUS_UPDATED"}, status=201)
    before = twin.books.rma("7").updated_at

    Person(returngo=twin).does("returngo/returns/one?key=7", "again")
    twin.drain_webhooks()

    assert sent == [
        b'{"eventName": "RMA_STATUS_UPDATED", "data": {"rmaId": "7", "status": "Approved"}}'
    ]
    assert twin.books.rma("7").updated_at > before
    assert twin.books.rma("7").status == "Approved"
