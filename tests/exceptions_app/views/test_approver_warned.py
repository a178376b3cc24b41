"""Whoever approves reads the change in plain words, and ticks what the asker had to tick."""

from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app.models import Fix, FixBatch
from tests.cast import make_user
from tests.factories import (
    NOW,
    BridgeFactory,
    ErpLocationFactory,
    FixFactory,
    MappingFactory,
    PostingFactory,
)

pytestmark = pytest.mark.django_db

HARM = {
    "healed_returns": 0,
    "healed_cases": 0,
    "still_blocked": 0,
    "newly_broken": 1,
    "rows": [],
    "freed": "0",
    "currency": "GBP",
}


def ask_for(*, bridge=None, **values):
    bridge = bridge or BridgeFactory()
    ErpLocationFactory(connection=bridge.erp, division="10", code="LEE", name="Leeds")
    told = {
        "kind": "location",
        "payload": {"division": "10", "warehouse": "LEE"},
        "source_value": "Bristol pop-up",
        "level": "peer",
        "payload_hash": "a" * 64,
        "requested_by": make_user("wanda"),
        "requested_at": NOW,
    }
    return FixFactory(bridge=bridge, **{**told, **values})


@pytest.fixture
def ada(client):
    client.force_login(make_user("ada"))
    return client


def test_the_page_says_what_the_value_stands_for_and_who_must_approve(ada):
    fix = ask_for()

    response = ada.get(reverse("fix-detail", args=[fix.pk]))

    assert "<h1>Map the location Bristol pop-up to 10/LEE</h1>" in response.text
    assert response.context["plain"] == [
        {"label": "“Bristol pop-up” stands for", "before": "", "after": "10/LEE Leeds"}
    ]
    assert "<b>10/LEE Leeds</b>" in response.text
    assert ", where nothing stood before" in response.text
    assert "<dt>Must approve</dt><dd>Ada</dd>" in response.text
    assert response.text.index('id="effect"') < response.text.index('id="change"')


def test_a_harmful_change_is_approved_only_with_the_tick(ada):
    fix = ask_for(effect=HARM)
    address, seen = reverse("fix-approve", args=[fix.pk]), {"payload_hash": fix.payload_hash}

    page = ada.get(reverse("fix-detail", args=[fix.pk]))
    refused = ada.post(address, seen)
    status = Fix.objects.get().status

    assert "This heals nothing and newly breaks 1 return." in page.text
    assert (refused.status_code, status) == (422, "requested")
    assert "Nothing was approved. Tick the box below" in refused.text


def test_a_change_that_heals_some_and_breaks_others_is_approved_only_with_the_tick(ada):
    fix = ask_for(effect={**HARM, "healed_returns": 9})
    address, seen = reverse("fix-approve", args=[fix.pk]), {"payload_hash": fix.payload_hash}

    refused = ada.post(address, seen)

    assert refused.status_code == 422
    assert (
        "This newly breaks 1 return, though it heals 9: one change does not fit all of them."
        in refused.text
    )
    assert Fix.objects.get().status == "requested"


def test_many_with_a_harmful_one_are_approved_only_with_the_tick(ada):
    fix = ask_for(effect=HARM)
    picks = {"fix": [f"{fix.pk}:{fix.payload_hash}"]}

    question = ada.post(reverse("fix-act"), picks, follow=True)
    refused = ada.post(reverse("fix-act"), {**picks, "confirmed": "1"})

    assert "I approve them all the same" in question.text
    assert question.redirect_chain[-1][0].startswith("/approvals/act/?asked=")
    assert (refused.status_code, "Nothing was approved." in refused.text) == (422, True)
    assert not FixBatch.objects.exists()
    assert Fix.objects.get().status == "requested"


def test_a_change_that_heals_nothing_is_marked_in_the_list(ada):
    ask_for(effect=HARM)

    text = ada.get(reverse("fix-list")).text

    assert "Map the location Bristol pop-up to 10/LEE" in text
    assert "Nothing</span>" in text[text.index('data-l="Heals"') :][:400]


def test_a_question_that_is_no_longer_open_leads_back_to_the_list(ada):
    answer = ada.get(reverse("fix-act"), {"asked": "gone"}, follow=True)

    assert answer.redirect_chain[-1][0] == "/approvals/"
    assert "That question is no longer open. Tick the requests again." in answer.text


def test_a_corrected_credit_says_what_it_was_and_under_which_code_it_is_booked(client):
    memo = PostingFactory(kind="credit_memo", gross=Decimal("85.00"), currency="GBP")
    bridge = memo.rma.bridge
    MappingFactory(
        bridge=bridge,
        kind="fee",
        source_value="adjustment",
        target={"component": "adjustment", "erp_code": "ADJ"},
    )
    fix = ask_for(
        bridge=bridge,
        kind="correct_credit",
        rma=memo.rma,
        payload={"adjustment": "-5.00"},
        source_value="",
        level="finance",
    )
    client.force_login(make_user("fiona"))

    plain = client.get(reverse("fix-detail", args=[fix.pk])).context["plain"]

    after = "£80.00 (adjustment −£5.00, code ADJ)"
    assert plain == [{"label": "Credit memo", "before": "£85.00", "after": after}]
