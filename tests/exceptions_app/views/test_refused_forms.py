"""A refused form comes back with its message in view: the browser goes there, script or not."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from exceptions_app.models import AuditEntry, Case, Fix
from exceptions_app.services import fixes
from tests.cast import make_user
from tests.factories import (
    NOW,
    CaseFactory,
    CauseGroupFactory,
    ItemFactory,
    RmaFactory,
    SalesOrderFactory,
    SalesOrderLineFactory,
)

pytestmark = pytest.mark.django_db


def in_view(answer):
    """The words of the one part that the browser goes to."""
    (start,) = re.finditer(r"<[^>]*\bdata-focus autofocus>", answer.text)
    told = answer.text[start.end() :].split("<form", 1)[0].split("<label", 1)[0]
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", told).split())


@pytest.fixture
def unknown(client):
    rma = RmaFactory()
    rma.sales_order = SalesOrderFactory(connection=rma.bridge.erp, number="SO-4020")
    rma.save(update_fields=["sales_order"])
    SalesOrderLineFactory(order=rma.sales_order, sku="E-77")
    ItemFactory(connection=rma.bridge.erp, sku="LMP-OAK", erp_id="E-78")
    group = CauseGroupFactory(bridge=rma.bridge, type="SKU_UNKNOWN")
    client.force_login(make_user("mira"))
    return CaseFactory(
        rma=rma,
        group=group,
        type="SKU_UNKNOWN",
        facts={"sku": "TEE-OLD"},
        due_at=timezone.now() + timedelta(days=1),
    )


@pytest.fixture
def difference():
    """A request of finn's that speaks against itself: by the same as now."""
    group = CauseGroupFactory(type="REFUND_CM_MISMATCH")
    rma = RmaFactory(bridge=group.bridge)
    case = CaseFactory(group=group, rma=rma, type="REFUND_CM_MISMATCH", team="finance", value=5)
    return fixes.request(
        kind="correct_credit",
        bridge=group.bridge,
        actor=make_user("finn"),
        now=NOW,
        payload={"adjustment": "600.00"},
        case=case,
        rma=rma,
        reason_code="platform_error",
    )


@pytest.mark.parametrize(
    ("act", "sent", "told"),
    [
        ("case-snooze", {}, "Until"),
        ("case-pause", {}, "What it waits for"),
        ("case-note", {"note": ""}, "Note"),
        ("case-assign", {"assignee": "999"}, "Assign to"),
        ("fix-preview", {"kind": "sku_alias", "choice": ""}, "item"),
    ],
)
def test_each_form_of_an_exception_comes_back_at_its_mistakes(client, unknown, act, sent, told):
    before = AuditEntry.objects.count()

    answer = client.post(reverse(act, args=[unknown.pk]), {"seen": unknown.version, **sent})

    assert answer.status_code == 422
    assert "another look" in in_view(answer)
    assert told in in_view(answer)
    assert AuditEntry.objects.count() == before


def test_closing_without_a_reason_comes_back_at_its_mistakes(client):
    case = CaseFactory(type="OVER_RETURN", team="finance", facts={})
    client.force_login(make_user("finn"))

    answer = client.post(reverse("case-close", args=[case.pk]), {})

    assert answer.status_code == 422
    assert "another look Why it can be closed" in in_view(answer)


def test_a_form_that_is_offered_no_more_says_so_at_the_top(client, unknown):
    Case.objects.filter(pk=unknown.pk).update(due_at=timezone.now() - timedelta(hours=1))

    answer = client.post(reverse("case-pause", args=[unknown.pk]), {})

    assert answer.status_code == 422
    assert in_view(answer).startswith(
        "Nothing was changed by you What you sent cannot be done any more."
    )


def test_a_box_left_unticked_is_told_before_the_preview(client, unknown):
    answers = {"kind": "sku_alias", "choice": "other", "sku": "LMP-OAK"}
    shown = client.post(reverse("fix-preview", args=[unknown.pk]), answers)
    assert "data-focus autofocus" not in shown.text
    seen = re.search(r'name="previewed" value="([^"]+)"', shown.text)[1]

    answer = client.post(reverse("fix-request", args=[unknown.pk]), {**answers, "previewed": seen})

    assert answer.status_code == 422
    assert "LMP-OAK is not on order SO-4020." in in_view(answer)
    assert in_view(answer).endswith(
        "Nothing was asked for. Tick the box below if you want it all the same."
    )
    assert not Fix.objects.exists()


def test_other_answers_than_those_shown_are_told_before_the_preview(client, unknown):
    answers = {"kind": "sku_alias", "choice": "other", "sku": "LMP-OAK", "previewed": "older"}

    answer = client.post(reverse("fix-request", args=[unknown.pk]), answers)

    assert answer.status_code == 422
    assert in_view(answer).startswith("Your answers are not the ones you saw the result of.")


@pytest.mark.parametrize(
    ("act", "sent", "told"),
    [
        ("fix-approve", {"payload_hash": "same"}, "Nothing was approved. Tick the box below"),
        ("fix-approve", {"payload_hash": "older"}, "Nothing was changed"),
        ("fix-reject", {"payload_hash": "same"}, "1 answer needs another look"),
    ],
)
def test_a_decision_that_was_refused_comes_back_at_why(client, difference, act, sent, told):
    client.force_login(make_user("fiona"))
    same = {"payload_hash": difference.payload_hash} if sent["payload_hash"] == "same" else sent

    answer = client.post(reverse(act, args=[difference.pk]), same)

    assert answer.status_code in (409, 422)
    assert told in in_view(answer)
    assert Fix.objects.get().status == "requested"


def test_an_emergency_without_a_reason_opens_the_part_it_is_asked_for_in(client, difference):
    client.force_login(make_user("ada"))

    answer = client.post(
        reverse("fix-alone", args=[difference.pk]), {"payload_hash": difference.payload_hash}
    )

    assert answer.status_code == 422
    assert "Why nobody else can decide now" in in_view(answer)
    assert "<details open><summary>In an emergency" in answer.text


def test_many_approvals_without_the_tick_come_back_at_why(client, difference):
    client.force_login(make_user("fiona"))
    pick = f"{difference.pk}:{difference.payload_hash}"

    answer = client.post(reverse("fix-act"), {"fix": pick, "confirmed": "1"})

    assert answer.status_code == 422
    assert "Nothing was approved. Tick the box below" in in_view(answer)
    assert Fix.objects.get().status == "requested"


def test_an_act_on_many_comes_back_at_its_mistakes(client, unknown):
    page = client.post(
        reverse("case-act"),
        {"act": "snooze", "case": f"{unknown.pk}.{unknown.version}"},
        follow=True,
    )

    answer = client.post(
        reverse("case-act"), {"act": "snooze", "frozen": page.context["frozen"], "choice": "date"}
    )

    assert answer.status_code == 422
    assert "another look" in in_view(answer)
