"""Messages nobody can read: said in plain words, given up with their exception, never ownerless."""

import json
from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app.models import AuditEntry, Case, InboundEvent, Rma, SalesOrder
from exceptions_app.rules import unreadable
from exceptions_app.services import events, triage
from tests.cast import make_user
from tests.world import make_order_line, make_refund, make_unit, make_world

pytestmark = pytest.mark.django_db


def _told_twice():
    return [
        make_unit("5001-1", sku="TEE-BLACK-M", extended_reason="Please call Emma"),
        make_unit("5001-1", sku="SCARF"),
    ]


@pytest.fixture
def world():
    """Return 5001 lists its one item twice, with two SKUs; it was told of by a poll."""
    world = make_world()
    world.add_order()
    world.add_return(items=_told_twice())
    world.carry()
    return world


def _case():
    return Case.objects.get(type="PAYLOAD_INVALID")


def _again(world, external_id="delivery-2", topic="POLL"):
    """A second message about the same return, as a webhook brings it."""
    event_id, _ = events.receive(
        connection=world.bridge.source,
        external_id=external_id,
        topic=topic,
        origin="webhook",
        body=b"{}",
        subject_id="5001",
        now=world.clock.now,
    )
    world.carry()
    return InboundEvent.objects.get(pk=event_id)


def _closed(world):
    return triage.close_by_hand(
        case_id=_case().pk,
        reason="void_message",
        note="By phone",
        actor=make_user("ines"),
        now=world.clock.now,
    )


def _states():
    rows = InboundEvent.objects.filter(subject_id="5001").order_by("pk")
    return list(rows.values_list("state", flat=True))


def test_an_item_told_twice_stands_side_by_side_with_a_text_to_send_on(world, client):
    case = _case()
    client.force_login(make_user("ines"))

    shown = client.get(reverse("case-detail", args=[case.pk])).text
    message = client.get(reverse("event-detail", args=[case.event_id])).text

    assert case.title == "ReturnGO lists an item of return 5001 twice, and not alike"
    assert "item 5001-1, with SKU TEE-BLACK-M and SCARF" in shown
    assert (
        '<th scope="row" class="full">SKU</th><td class="full" data-l="One">TEE-BLACK-M</td>'
        in shown
    )
    text = shown.split('id="support-text" tabindex="0">')[1].split("</pre>")[0]
    assert "Return: 5001" in text
    assert "SKU: TEE-BLACK-M / SCARF" in text
    assert f"Message: {case.event.external_id}, received" in text
    assert f'href="{reverse("event-detail", args=[case.event_id])}"' in shown
    assert ">SCARF</td>" in message
    assert "<dt>Should be</dt>" not in message
    assert "Emma" not in shown
    assert "Emma" not in message


@pytest.mark.parametrize(
    ("refunded", "said"),
    [
        ("285.00", "equals the prices of both entries together: two items may be meant."),
        ("96.00", "equals the price of the one entry alone."),
        ("189.00", "equals the price of the other entry alone."),
        ("50.00", "equals neither price."),
        ("0", ""),
    ],
)
def test_two_entries_with_two_prices_are_told_beside_what_was_refunded(refunded, said):
    rows = json.dumps([["unit_price", "96.00 GBP", "189.00 GBP"]])

    told = unreadable.against_refunds({"conflict": rows}, Decimal(refunded), "GBP")

    assert told == (f"The refunds of this return are {refunded} GBP, which {said}" if said else "")
    assert unreadable.against_refunds({"conflict": rows}, Decimal(refunded), "EUR") == ""


def test_the_step_says_which_entry_the_order_sold(client):
    world = make_world()
    world.add_order(lines=[make_order_line(sku="TEE-BLACK-M")])
    world.add_return(items=_told_twice())
    world.carry()
    client.force_login(make_user("ines"))

    shown = client.get(reverse("case-detail", args=[_case().pk])).text

    assert SalesOrder.objects.get().number == "SO-1"
    told = (
        "Order SO-1 sold 2 of TEE-BLACK-M (the one entry) and no SCARF (the other entry). An item"
        " the order did not sell stops the return again."
    )
    assert shown.count(told) == 2
    step = shown.split("Compare both entries with the order")[1].split("</li>")[0]
    assert told in step


@pytest.mark.parametrize(
    ("sold", "told"),
    [
        ((1, 1), "Order SO-1 sold both A and B: two items may be meant."),
        ((0, 0), "Order SO-1 sold neither A nor B under these SKUs."),
        (
            (0, 3),
            "Order SO-1 sold 3 of B (the other entry) and no A (the one entry). An item the order"
            " did not sell stops the return again.",
        ),
    ],
)
def test_the_order_speaks_for_one_entry_both_or_neither(sold, told):
    assert unreadable.against_order("SO-1", ("A", "B"), sold) == told


def test_an_order_that_cannot_be_read_parks_the_message_all_the_same(client):
    world = make_world()
    world.add_return(items=_told_twice())
    world.carry()
    client.force_login(make_user("ines"))

    shown = client.get(reverse("case-detail", args=[_case().pk])).text

    assert _states() == ["parked"]
    assert f"We could not read order SO-1 of {world.bridge.erp.name}: look there" in shown


def test_what_the_refunds_of_the_return_pay_is_at_risk():
    world = make_world()
    world.add_order()
    world.add_return(items=_told_twice())
    world.platform.load({"refunds": [make_refund("5001", _told_twice()[:1], Decimal("20.00"))]})
    world.carry()
    _again(world)

    case = _case()

    assert (case.value, case.currency) == (Decimal("20.00"), "GBP")
    assert case.value_formula == "refunds of this return that came and are not applied"


def test_closing_by_hand_gives_up_every_message_of_the_return_and_says_who_did(world, client):
    _again(world)
    assert _states() == ["parked", "parked"]

    case = _closed(world)

    assert _states() == ["given_up", "given_up"]
    told = AuditEntry.objects.filter(act="event.give_up")
    assert told.count() == 2
    assert told.first().text == (
        f"Given up with EX-{case.pk}: The sender confirmed that the message is void. By phone"
    )
    client.force_login(make_user("ivy", "integrator"))
    page = client.get(reverse("event-detail", args=[case.event_id])).text
    assert f"Given up with EX-{case.pk}" in page


def test_taking_the_closing_back_parks_them_again(world):
    case = _closed(world)

    triage.reopen(case_id=case.pk, actor=make_user("ivy", "integrator"), now=world.clock.now)

    assert _states() == ["parked"]
    assert AuditEntry.objects.filter(act="event.take_up").count() == 1


def test_the_same_message_that_comes_again_after_the_closing_is_given_up_too(world):
    case = _closed(world)

    later = _again(world)

    assert later.state == "given_up"
    case.refresh_from_db()
    assert case.status == "resolved"


def test_other_news_of_the_return_opens_it_again_and_takes_up_all_its_messages(world):
    case = _closed(world)

    _again(world, topic="RMA_STATUS_UPDATED")

    assert _states() == ["parked", "parked"]
    case.refresh_from_db()
    assert case.status == "open"


def test_a_corrected_return_closes_it_by_proof_and_leaves_nothing_parked(world):
    case = _case()
    _again(world)
    world.add_return(items=[make_unit("5001-1")])
    world.clock.advance(minutes=10)

    _again(world, "delivery-3")

    case.refresh_from_db()
    assert (case.status, case.closure) == ("resolved", "proof")
    assert case.proof == "A later message about the same return was read."
    assert "parked" not in _states()
    assert AuditEntry.objects.filter(act="event.settled").count() >= 1


def test_a_closed_message_leads_to_its_return_and_to_what_stops_that_now(world, client):
    case = _case()
    world.add_return(items=[make_unit("5001-1", sku="SCARF")])
    world.clock.advance(minutes=10)
    _again(world, "delivery-3")
    client.force_login(make_user("ines"))

    page = client.get(reverse("case-detail", args=[case.pk])).text

    rma, later = Rma.objects.get(), Case.objects.get(rma__isnull=False)
    assert f'<a href="{reverse("return-detail", args=[rma.pk])}">return {rma}</a>' in page
    assert f'<a href="{reverse("case-detail", args=[later.pk])}">EX-{later.pk}</a>' in page


def test_the_message_itself_handled_again_says_so(world):
    case = _case()
    world.add_return(items=[make_unit("5001-1")])
    events.replay(event_id=case.event_id, actor=make_user("ines"), now=world.clock.now)

    world.carry()

    case.refresh_from_db()
    assert case.proof == "This message was handled again, and could be read."
