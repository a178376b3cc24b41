"""What a change did, return by return; previews that stay small; requests from programs."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from exceptions_app.models import Case, Fix, Rma
from exceptions_app.services import fixes, previews
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, RmaFactory
from tests.world import make_unit, make_world

pytestmark = pytest.mark.django_db

WRONG = "TEE-BLAK-M"


@pytest.fixture
def waiting():
    """Two returns with the same unknown SKU; the second also has an unknown location."""
    world = make_world()
    for number in (1, 2):
        world.add_order(f"SO-{number}")
        unit = make_unit(f"500{number}-1", sku=WRONG)
        if number == 2:
            unit["validation"]["store_location_id"] = "Nowhere"
        world.add_return(f"500{number}", order_name=f"SO-{number}", items=[unit])
    world.carry()
    return world


def _case():
    return Case.objects.filter(type="SKU_UNKNOWN").order_by("pk").first()


def _asked(world):
    case = _case()
    return fixes.request(
        kind="sku_alias",
        bridge=world.bridge,
        actor=make_user("mira"),
        now=world.clock.now,
        payload={"sku": "TEE-BLK-M"},
        case=case,
        source_value=WRONG,
    )


def _page(client, fix, world):
    client.force_login(make_user("mona"))
    with time_machine.travel(world.clock.now, tick=False):
        return client.get(reverse("fix-detail", args=[fix.pk]))


def _states(page):
    return [each["row"].state for each in page.context["results"]["rows"]]


def test_before_the_approval_no_result_is_claimed(client, waiting):
    fix = _asked(waiting)

    assert _states(_page(client, fix, waiting)) == []


def test_held_work_says_that_nothing_has_left(client, waiting):
    fix = _asked(waiting)
    fixes.approve(
        fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("mona"), now=waiting.clock.now
    )

    page = _page(client, fix, waiting)

    assert _states(page) == ["held", "held"]
    assert "Nothing has left yet." in page.content.decode()


def test_afterwards_each_return_says_whether_it_was_healed(client, waiting):
    fix = _asked(waiting)
    fixes.approve(
        fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("mona"), now=waiting.clock.now
    )
    waiting.clock.advance(seconds=90)
    waiting.settle()

    page = _page(client, fix, waiting)

    states = {each["row"].label: each["row"].state for each in page.context["results"]["rows"]}
    assert states == {"RMA5001": "healed", "RMA5002": "still"}
    assert "still unmapped location" in page.content.decode()
    assert "Settled 2 of 2. 1 with an exception." in page.content.decode()


def test_a_preview_plans_no_more_than_its_cap_and_says_so(client, waiting, monkeypatch):
    monkeypatch.setattr(previews, "PLANNED_CAP", 1)
    client.force_login(make_user("mira"))

    with time_machine.travel(waiting.clock.now, tick=False):
        text = client.post(
            reverse("fix-preview", args=[_case().pk]),
            {"kind": "sku_alias", "choice": "other", "sku": "TEE-BLK-M"},
        ).content.decode()

    assert "The first 1 of 2 returns were planned" in text
    assert not Fix.objects.exists()


def test_a_request_from_a_program_keeps_the_same_effect(client, waiting):
    client.force_login(make_user("mira"))

    with time_machine.travel(waiting.clock.now, tick=False):
        answer = client.post(
            "/api/v1/fixes/",
            json.dumps(
                {"case_id": _case().pk, "kind": "sku_alias", "payload": {"sku": "TEE-BLK-M"}}
            ),
            content_type="application/json",
        )

    fix = Fix.objects.get()
    assert answer.status_code == 201
    assert (fix.effect["healed_returns"], fix.effect["still_blocked"], fix.effect["touched"]) == (
        1,
        1,
        2,
    )


def test_the_page_names_the_first_approver_and_asks_for_a_second(client):
    group = CauseGroupFactory(type="REFUND_CM_MISMATCH")
    rma = RmaFactory(bridge=group.bridge)
    case = CaseFactory(group=group, rma=rma, team="finance", value=Decimal(5))
    fix = fixes.request(
        kind="correct_credit",
        bridge=group.bridge,
        actor=make_user("finn"),
        now=NOW,
        payload={"adjustment": "600.00"},
        case=case,
        rma=rma,
        reason_code="platform_error",
    )
    client.force_login(make_user("fiona"))
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        answer = client.post(
            reverse("fix-approve", args=[fix.pk]),
            {"payload_hash": fix.payload_hash, "in_spite": "1"},
            follow=True,
        )

    text = answer.content.decode()
    assert "2 different people from finance" in text
    assert "You have approved this. Another person must approve too." in text
    assert "Approve this change" not in text
    assert "Fiona, 27 May 2026, 09:13" in text


def test_whoever_decides_second_is_told_who_was_faster(client, waiting):
    fix = _asked(waiting)
    fixes.approve(
        fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("mona"), now=waiting.clock.now
    )
    client.force_login(make_user("ada"))

    with time_machine.travel(waiting.clock.now, tick=False):
        answer = client.post(
            reverse("fix-reject", args=[fix.pk]),
            {"payload_hash": fix.payload_hash, "note": "Wrong size"},
        )

    fix.refresh_from_db()
    assert answer.status_code == 422
    assert "Mona was faster" in answer.content.decode()
    assert fix.status == "held"


def test_returns_beyond_the_cap_count_with_all_their_money_for_the_second_approver(
    waiting, monkeypatch
):
    def weighed():
        terms = fixes.weigh(
            kind="sku_alias",
            bridge=waiting.bridge,
            case=None,
            rma=None,
            source_value=WRONG,
            payload={"sku": "TEE-BLK-M"},
            now=waiting.clock.now,
        )
        return terms.found.freed, terms.found.unplanned, terms.found.frees_other_money

    planned, other = Rma.objects.order_by("pk")
    whole = weighed()
    monkeypatch.setattr(previews, "PLANNED_CAP", 1)
    in_part = weighed()
    Rma.objects.filter(pk=other.pk).update(currency="EUR")
    in_euros = weighed()

    assert whole[1:] == (0, False)
    assert in_part[1:] == (other.amount_in, False)
    assert in_euros == (in_part[0], 0, True)
    assert in_part[0] in (0, planned.amount_in)
    assert other.amount_in == Decimal("20.00")
