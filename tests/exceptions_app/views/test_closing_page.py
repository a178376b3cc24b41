"""Closing by hand on the page and by programs: by whom, with whom, and what the other one sees."""

import json
from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app.models import AuditEntry, Case, Fix
from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory, PostingFactory, RmaFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    group = CauseGroupFactory(type="REFUND_OVER_LINE")
    return CaseFactory(
        group=group,
        rma=RmaFactory(bridge=group.bridge),
        team="finance",
        value=Decimal("40.00"),
        currency="GBP",
    )


def _page(client, case, who):
    client.force_login(make_user(who))
    return client.get(reverse("case-detail", args=[case.pk])).content.decode()


def _close(client, case, who, **answers):
    client.force_login(make_user(who))
    given = {"reason": "claimed_back", "note": "By phone", **answers}
    return client.post(reverse("case-close", args=[case.pk]), given)


def test_another_team_reads_who_closes_it_and_can_ask_them(client, case):
    make_user("fiona")
    make_user("finn")

    page = _page(client, case, "wanda")
    refused = _close(client, case, "wanda")

    assert "Only Finance closes this by hand: Finn, Fiona. An admin can too." in page
    assert f"/exceptions/{case.pk}/ask/?team=finance&amp;text=I+think" in page
    assert "case-close" not in page
    assert f'action="/exceptions/{case.pk}/close/"' not in page
    assert refused.status_code == 403
    assert Case.objects.get().status == "open"
    assert not Fix.objects.exists()
    assert not AuditEntry.objects.exists()


def test_who_may_close_it_reads_who_must_agree_and_asks_for_it(client, case):
    make_user("fiona")

    page = _page(client, case, "finn")
    _close(client, case, "finn")
    waiting = _page(client, case, "finn")

    assert (
        "Another person must agree before it closes: Fiona can. Until then it stays open." in page
    )
    assert f"Ask to close EX-{case.pk} by hand" in page
    assert "Awaiting approval: Close with a reason" in waiting
    assert f'action="/exceptions/{case.pk}/close/"' not in waiting
    assert "Nothing to change here" not in waiting


def test_the_other_person_sees_reason_note_and_what_stays_blocked(client, case):
    PostingFactory(
        rma=case.rma,
        kind="credit_memo",
        gross="20.00",
        currency="GBP",
        status="blocked",
        blocked_by="REFUND_OVER_LINE",
    )
    _close(client, case, "finn")
    fix = Fix.objects.get()
    client.force_login(make_user("fiona"))

    page = client.get(reverse("fix-detail", args=[fix.pk])).content.decode()

    assert "£40.00 at risk" in page
    assert "No fact changes and nothing is sent" in page
    assert "Credit memo £20.00 stays blocked until what is in the way is gone." in page
    assert "By phone" in page
    assert "claimed" in page
    client.post(reverse("fix-approve", args=[fix.pk]), {"payload_hash": fix.payload_hash})
    closed = _page(client, case, "cleo")
    assert "Asked for by Finn, agreed by Fiona." in closed
    assert "Open it again" in closed
    client.post(reverse("case-reopen", args=[case.pk]))
    assert Case.objects.get().status == "open"
    assert Fix.objects.get().status == "undone"


def test_a_program_closes_by_the_same_rules(client, case):
    def call(name, who, **body):
        client.force_login(make_user(who))
        url = reverse(name, args=[case.pk])
        return client.post(url, json.dumps(body), content_type="application/json")

    foreign = call("api-case-close", "wanda", reason="claimed_back")
    unknown = call("api-case-close", "finn", reason="because")
    bare = call("api-case-close", "finn", reason="claimed_back")
    asked = call("api-case-close", "finn", reason="claimed_back", note="Paid back, statement 12")
    early = call("api-case-reopen", "finn")

    assert (foreign.status_code, unknown.status_code, early.status_code) == (403, 422, 422)
    assert bare.status_code == 422
    assert "Say in a few words what was seen, and where." in bare.text
    assert (asked.status_code, asked.json()["status"]) == (200, "awaiting_approval")
    assert Fix.objects.get().status == "requested"


def test_the_form_says_what_the_note_has_to_hold_and_for_which_reasons(client):
    group = CauseGroupFactory(type="QTY_SHORT")
    case = CaseFactory(
        group=group, rma=RmaFactory(bridge=group.bridge), team="warehouse", severity="medium"
    )
    grave = CaseFactory(
        group=group, rma=RmaFactory(bridge=group.bridge), team="warehouse", severity="high"
    )

    free, asked = (_page(client, each, "wanda") for each in (case, grave))

    words = "What was seen, and where: a number, a page, a person."
    assert f"{words} Needed, except for “Not pursued: the customer keeps the rest”." in free
    assert 'Note <span class="hint">(optional)</span>' not in free.partition('id="close"')[2]
    assert f"{words} That is needed." in asked
    own = asked.partition('id="close"')[2].partition("</form>")[0]
    assert "(optional)" not in own
    refused = _close(client, grave, "wanda", reason="written_off", note="")
    assert (refused.status_code, Case.objects.get(pk=grave.pk).status) == (422, "open")
    assert "Say in a few words what was seen, and where. Nothing was closed." in refused.text
