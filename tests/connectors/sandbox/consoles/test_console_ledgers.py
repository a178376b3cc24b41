"""What a person changes on the consoles of the other ERPs, their connectors read next."""

import pytest

from connectors import errors
from connectors.types import DocumentKind
from tests.connectors.contract.plays import GatewayPlay
from tests.connectors.contract.roster import GATEWAYS
from tests.connectors.sandbox.consoles.console_cast import Person, refusal

SYSTEMS = ("brightpearl", "netsuite", "prima")


def play_of(system):
    return GatewayPlay(next(stage for stage in GATEWAYS if stage.name.startswith(system)))


@pytest.fixture(params=SYSTEMS)
def system(request):
    return request.param


@pytest.fixture
def play(system):
    return play_of(system)


@pytest.fixture
def person(play, system):
    return Person(**{system: play.twin})


def is_active(play, sku):
    return [item.is_active for item in play.gateway.find_items([sku])]


def test_an_item_is_added_switched_off_and_on_again(play, person, system):
    page = f"{system}/items/one?key=TEE-NAVY-M"
    person.does(f"{system}/items/", "add", sku="TEE-NAVY-M", description="T-shirt", active="on")
    added = is_active(play, "TEE-NAVY-M")

    person.does(page, "switch-off")
    off = is_active(play, "TEE-NAVY-M")
    person.does(page, "switch-on")

    assert added == [True]
    assert off in ([False], [])
    assert is_active(play, "TEE-NAVY-M") == [True]
    assert "T-shirt" in person.text(f"{system}/items/?q=navy")


def test_an_item_that_is_there_is_refused(play, person, system):
    sku = play.stage.inactive_sku

    answer = person.post(f"{system}/items/", "add", sku=sku, description="Again")

    assert refusal(answer) == f"Nothing was changed. {sku} is an item already."
    assert is_active(play, sku) in ([False], [])


def test_a_warehouse_is_added_once(play, person, system):
    before = len(play.gateway.list_locations())
    person.does(f"{system}/warehouses/", "add", code="POP", name="Bristol pop-up")

    again = person.post(f"{system}/warehouses/", "add", code="POP", name="Bristol pop-up")

    assert "there is such a warehouse already" in refusal(again)
    assert len(play.gateway.list_locations()) == before + 1


def test_orders_are_found_by_number(play, person, system):
    assert play.stage.order_number in person.text(f"{system}/orders/?q={play.stage.order_number}")


def test_a_month_is_closed_for_documents(play, person, system):
    draft = play.draft(DocumentKind.CREDIT_MEMO)

    person.does(f"{system}/months/", "close", month=f"{draft.date:%Y-%m}")

    with pytest.raises(errors.Rejected):
        play.gateway.create(draft)
    assert play.found(draft) == ()


def test_a_month_that_is_opened_again_takes_documents(play, person, system):
    draft = play.draft(DocumentKind.CREDIT_MEMO)
    month = f"{draft.date:%Y-%m}"
    person.does(f"{system}/months/", "close", month=month)

    person.does(f"{system}/months/", "reopen", month=month)

    play.gateway.create(draft)
    assert len(play.found(draft)) == 1
    assert draft.key in person.text(f"{system}/documents/")
