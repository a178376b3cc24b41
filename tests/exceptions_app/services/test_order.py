"""A return's exceptions in order: what waits says for what, until its turn comes."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app.catalogue import entry
from exceptions_app.models import Case
from exceptions_app.rules.facts import Finding
from exceptions_app.rules.validation import CREDIT, DOCUMENTS
from exceptions_app.services import cases, subjects, triage
from tests.cast import make_user
from tests.factories import NOW, RmaFactory

pytestmark = pytest.mark.django_db


def _finding(name, subject, blocks):
    return Finding(
        type=name,
        subject=subject,
        cause="x",
        facts={"sku": "BLK"},
        value=Decimal(20),
        value_formula="paid",
        blocks=blocks,
    )


PROMO = _finding("PROMO_SKU", "line:1", DOCUMENTS)
DIFFERENCE = _finding("REFUND_CM_MISMATCH", "refund", CREDIT)


@pytest.fixture
def rma():
    return RmaFactory()


def _sync(rma, *findings):
    found = cases.sync(subject=subjects.of_rma(rma), findings=findings, now=NOW)
    cases.tell_waits(cases=found, now=NOW)
    return found


def test_what_waits_says_for_what_and_nobody_gets_it_before_its_turn(client, rma):
    promo, difference = _sync(rma, PROMO, DIFFERENCE)

    assert (promo.behind, difference.behind) == (None, promo)
    assert difference.status == "waiting"
    assert difference.waiting_for == f"EX-{promo.pk} first: {promo.title}"
    own = Case.objects.filter(team=difference.team)
    assert triage.take_next(rows=own, actor=make_user("fiona"), now=NOW) is None
    client.force_login(make_user("finn"))
    page = client.get(reverse("case-detail", args=[difference.pk])).content.decode()
    assert f">EX-{promo.pk}</a> first: {promo.title}" in page
    page = client.get(reverse("case-detail", args=[promo.pk])).content.decode()
    assert "Solve this first. 1 of the same return waits for it" in page
    whole = client.get(reverse("return-detail", args=[rma.pk])).content.decode()
    assert whole.index(f"EX-{promo.pk}<") < whole.index(f"EX-{difference.pk}<")
    assert f"EX-{promo.pk} first" in whole
    listed = client.get(reverse("case-list"), {"view": "list", "behind": "only"}).content.decode()
    assert f'for <a href="{reverse("case-detail", args=[promo.pk])}">EX-{promo.pk}</a>' in listed

    (difference,) = _sync(rma, DIFFERENCE)

    assert (difference.behind, difference.status, difference.waiting_for) == (None, "open", "")


def test_closing_the_first_by_hand_brings_the_others_back_at_once(rma):
    ineligible = _finding("ITEM_INELIGIBLE", "line:1", DOCUMENTS)
    first, difference = _sync(rma, ineligible, DIFFERENCE)
    assert difference.behind == first
    reason, _ = entry("ITEM_INELIGIBLE").close_reasons[0]

    triage.close_by_hand(
        case_id=first.pk,
        actor=make_user("mira"),
        reason=reason,
        note="",
        seen=first.version,
        now=NOW + timedelta(hours=1),
    )

    difference.refresh_from_db()
    assert (difference.behind, difference.status) == (None, "open")
