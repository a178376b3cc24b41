"""What a status may be taken to mean: each choice says what it lets leave, before it is asked."""

from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app.models import Case, Fix, InboundEvent
from tests.cast import make_user
from tests.world import make_world

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
    assert not Fix.objects.exists()


def test_the_playbook_opens_the_message_of_this_very_return(held, client):
    InboundEvent.objects.exclude(subject_id=held.rma.external_id).delete()
    event = InboundEvent.objects.filter(subject_id=held.rma.external_id).latest("received_at")
    client.force_login(make_user("ines"))

    shown = client.get(reverse("case-detail", args=[held.pk])).text

    assert f'href="{reverse("event-detail", args=[event.pk])}"' in shown
    assert "Requested: nobody has agreed yet. Nothing is booked or credited" in shown
