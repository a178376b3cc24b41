"""What a status may be taken to mean: each choice says what it lets leave, before it is asked."""

from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app.models import Case, Fix, InboundEvent, Rma
from tests.cast import make_user
from tests.world import add_mapping, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def held():
    world = make_world()
    world.add_order()
    world.add_return(status="OnHold")
    world.carry()
    with world.connected():
        yield Case.objects.get(type="STATUS_UNMAPPED")


def _previewed(client, case, axis):
    answer = client.post(reverse("fix-preview", args=[case.pk]), {"kind": "status", "axis": axis})
    (offer,) = [each for each in answer.context["offers"] if each.preview]
    return answer.text, offer.preview.effect


def test_a_hold_frees_nothing_and_says_so_and_an_authorised_return_is_booked(held, client):
    client.force_login(make_user("ines"))

    hold, resting = _previewed(client, held, "requested")
    go, moving = _previewed(client, held, "authorised")

    assert ([row.is_resting for row in resting.rows], resting.freed) == ([True], Decimal(0))
    assert "This frees nothing: no document leaves while a return has this status." in hold
    assert ([row.is_resting for row in moving.rows], moving.healed_returns) == ([False], 1)
    assert moving.freed == held.rma.amount_in
    assert "Nothing, it moves on" in go
    assert "booked and credited by the bridge&#x27;s policy" in go
    unsaid = client.post(reverse("fix-preview", args=[held.pk]), {"kind": "status"})
    assert unsaid.status_code == 422
    assert "Choose one under “What the status means”." in unsaid.text
    assert not Fix.objects.exists()


def test_the_playbook_opens_the_message_of_this_very_return(held, client):
    InboundEvent.objects.exclude(subject_id=held.rma.external_id).delete()
    event = InboundEvent.objects.filter(subject_id=held.rma.external_id).latest("received_at")
    client.force_login(make_user("ines"))

    shown = client.get(reverse("case-detail", args=[held.pk])).text

    assert f'href="{reverse("event-detail", args=[event.pk])}"' in shown
    assert "Requested: nobody has agreed yet. Nothing is booked or credited" in shown


REFUNDED = (
    "£20.00 was already refunded. With Requested it is not credited until ReturnGO changes the"
    " status."
)


def test_money_refunded_already_must_be_ticked_before_its_return_rests(held, client):
    client.force_login(make_user("ines"))
    form = {"kind": "status", "axis": "requested"}

    shown = client.get(reverse("case-detail", args=[held.pk])).text
    preview = client.post(reverse("fix-preview", args=[held.pk]), form)
    (offer,) = [each for each in preview.context["offers"] if each.preview]
    form["previewed"] = offer.preview.digest
    unticked = client.post(reverse("fix-request", args=[held.pk]), form)
    asked = client.post(reverse("fix-request", args=[held.pk]), {**form, "in_spite": "1"})

    assert "choose this for a return on hold" not in shown
    assert offer.preview.doubt == REFUNDED
    assert (unticked.status_code, asked.status_code) == (422, 302)
    fix = Fix.objects.get()
    client.force_login(make_user("ada"))
    page = client.get(reverse("fix-detail", args=[fix.pk])).text
    refused = client.post(reverse("fix-approve", args=[fix.pk]), {"payload_hash": fix.payload_hash})
    assert REFUNDED in page
    assert refused.status_code == 422
    fix.refresh_from_db()
    assert fix.status == "requested"


def test_a_refunded_return_that_rests_says_so_and_is_missed_after_the_grace_time(client):
    world = make_world()
    world.add_order()
    world.add_return(status="OnHold")
    world.carry()
    add_mapping(world, "status", "OnHold", {"axis": "requested"})
    world.run()
    rma = Rma.objects.get()
    client.force_login(make_user("ines"))

    page = client.get(reverse("return-detail", args=[rma.pk])).text

    assert "Rests: “OnHold” is mapped to Requested." in page
    assert "£20.00 was refunded and is in no credit." in page
    assert (rma.approval, world.open_types()) == ("requested", [])
    for _ in range(4):
        world.clock.advance(hours=7)
        world.run()
    assert world.open_types() == ["REFUND_NO_CM"]
