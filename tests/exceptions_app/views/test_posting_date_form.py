"""Choosing a posting date: the months we know as closed stand beside it, and how we know."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from exceptions_app.forms.kinds import FORMS
from exceptions_app.models import Case, ErpClosedPeriod, Posting, Watermark
from exceptions_app.rules import drafts
from exceptions_app.services import calls, fixes
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """A return whose stock receipt the ERP refused: May was closed after its authorisation."""
    world = make_world()
    world.add_order()
    world.add_return()
    world.erp.load({"closed_periods": ["2026-05"]})
    world.carry()
    return world


def _form(world, kind="posting_date", answers=None):
    case = Case.objects.get(type="PERIOD_CLOSED")
    return FORMS[kind](answers, kind=kind, case=case, now=world.clock.now)


def test_the_form_says_which_months_are_closed_and_proposes_a_note_with_the_first_date(world):
    failed = Posting.objects.get(status="failed")
    erp = world.bridge.erp

    form = _form(world)

    assert form.hints == (
        f"{erp.name} refused {failed.key}, because May 2026 is closed.",
        f"{erp.name} does not tell us which months are closed; it refuses the document.",
        "Open as far as we know: from 20 May 2026 on.",
    )
    assert form.initial["note"] == "Dated 20 May 2026 at first; May 2026 is closed."


def test_months_that_the_erp_tells_stand_there_with_when_they_were_read(world):
    erp, read_at = world.bridge.erp, datetime(2026, 5, 20, 4, 3, tzinfo=UTC)
    for month in ("2026-03", "2026-04", "2026-05"):
        ErpClosedPeriod.objects.create(connection=erp, period=month, read_at=read_at)
    Watermark.objects.update_or_create(
        connection=erp, feed="periods", defaults={"read_at": read_at}
    )
    world.bridge.closed_periods = ["2026-05"]
    world.bridge.save(update_fields=["closed_periods"])

    hints = _form(world).hints

    assert f"{erp.name} says it is closed: May 2026 and 2 months before." in hints[1]
    assert "Read 20 May 2026" in hints[1]
    assert hints[2] == "Noted with the bridge as closed, by an admin: May 2026."
    assert hints[3] == "Open as far as we know: from 1 Jun 2026 on."


def test_a_date_chosen_already_is_said_and_only_what_was_refused_can_be_sent_again(world):
    case = Case.objects.get(type="PERIOD_CLOSED")
    offered = _form(world, "retry").fields["posting_id"].choices
    failed = Posting.objects.get(status="failed")
    assert [label for _, label in offered] == [f"Stock receipt {failed.key}, refused"]

    fix = fixes.request(
        kind="posting_date",
        bridge=case.bridge,
        actor=make_user("finn"),
        now=world.clock.now,
        payload={"date": "2026-06-01"},
        case=case,
        rma=case.rma,
    )
    fixes.approve(
        fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("fiona"), now=world.clock.now
    )
    world.run()

    form = FORMS["posting_date"](kind="posting_date", case=case, now=world.clock.now)
    assert "Chosen for this return already: 1 Jun 2026. A new choice replaces it." in form.hints
    again = FORMS["retry"](kind="retry", case=case, now=world.clock.now)
    assert again.nothing.startswith("No document of this return was refused or is in doubt")


def test_the_page_of_a_document_refused_for_its_month_does_not_say_that_the_month_is_open(
    client, world
):
    failed = Posting.objects.get(status="failed")
    failed.checks = [["period", "The posting date is in an open period"], ["vat", "VAT is covered"]]
    failed.save(update_fields=["checks"])
    client.force_login(make_user("ines"))

    page = client.get(reverse("posting-detail", args=[failed.pk])).text

    assert "VAT is covered" in page
    assert "The posting date is in an open period" not in page


def test_one_month_is_written_in_one_way(client, world):
    client.force_login(make_user("finn"))

    case = Case.objects.get(type="PERIOD_CLOSED")
    page = client.get(reverse("case-detail", args=[case.pk])).text

    assert case.facts["period"] == "2026-05"
    assert "2026-05" not in page.split('id="facts"')[1].split("</section>")[0]
    assert "May 2026" in page


def test_a_preview_names_the_number_of_a_document_that_is_not_confirmed_yet(world):
    rma = Case.objects.get(type="PERIOD_CLOSED").rma
    draft = drafts.from_json(Posting.objects.get(status="failed").draft)
    before = {"return_authorisation": "RA-uk-5001-1", "stock_receipt": draft.key}

    told = calls.foreseen(rma_id=rma.pk, draft=draft, before=before).based_on

    confirmed = Posting.objects.get(kind="return_authorisation")
    assert told == {
        "return_authorisation": confirmed.external_id,
        "stock_receipt": f"(number of {draft.key}, once confirmed)",
    }
