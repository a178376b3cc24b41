"""Money, dates and orders: what a form proposes, warns of, and refuses at its field."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app import errors
from exceptions_app.forms.kinds import FORMS
from exceptions_app.models import AuditEntry, Case, Fix
from exceptions_app.services import doubts, fix_payloads, fixes
from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory, FixFactory, PostingFactory, RmaFactory
from tests.world import make_unit, make_world

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 27, 10, 0, tzinfo=UTC)


def _form(kind, answers=None, *, closed=(), **facts):
    rma = RmaFactory()
    rma.bridge.closed_periods = list(closed)
    rma.bridge.save()
    group = CauseGroupFactory(bridge=rma.bridge)
    case = CaseFactory(rma=rma, group=group, facts=facts)
    return FORMS[kind](answers, kind=kind, case=case, now=NOW)


@pytest.mark.parametrize(("given", "is_taken"), [("−5.00", True), ("-5", True), ("5", False)])
def test_only_the_difference_itself_is_accepted_with_its_sign(given, is_taken):
    form = _form(
        "accept_difference", {"difference": given, "reason_code": "rounding"}, difference="-5.00"
    )

    assert form.is_valid() is is_taken
    if not is_taken:
        assert form.errors["difference"] == [
            "The difference is −5.00. Only exactly this can be accepted."
        ]


def test_the_difference_of_the_exception_is_proposed_to_be_accepted_or_added():
    facts = {"excess": "1", "difference": "15.00"}

    assert _form("accept_difference", **facts).initial["difference"] == "15.00"
    assert _form("correct_credit", **facts).initial["adjustment"] == "15.00"


@pytest.mark.parametrize(
    ("facts", "proposed"),
    [
        pytest.param({"excess": "15.00", "line_max": "45.00"}, "-15.00", id="down-to-what-is-left"),
        pytest.param({"excess": "1", "credit": "20.00"}, "", id="is-for-what-was-sold-already"),
    ],
)
def test_what_was_never_sold_is_not_proposed_to_be_credited(facts, proposed):
    form = _form("correct_credit", difference="20.00", **facts)
    form.case.type = "OVER_RETURN"

    assert fix_payloads.adjustment_for(form.case) == proposed


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("-5.00", ""),
        (
            "5.00",
            "This leaves −£10.00 between refund and credit; now it is −£5.00. Only −£5.00 makes"
            " them agree.",
        ),
    ],
)
def test_a_correction_with_the_wrong_sign_is_told_what_it_leaves(given, told):
    rma = RmaFactory()
    group = CauseGroupFactory(bridge=rma.bridge, type="REFUND_CM_MISMATCH")
    CaseFactory(rma=rma, group=group, type=group.type, facts={"difference": "-5.00"})
    about = {"kind": "correct_credit", "bridge": rma.bridge, "rma": rma}

    assert doubts.of_change(**about, payload={"adjustment": given}) == told


@pytest.mark.parametrize(
    "given",
    ["NaN", "sNaN", "Infinity", "1e3", "1_000", "٣", "9" * 30, "0.001", "3,20", "", "a\x00", "−"],
)
@pytest.mark.parametrize(
    ("kind", "field"), [("accept_difference", "difference"), ("correct_credit", "adjustment")]
)
def test_what_is_no_amount_is_refused_on_the_form_and_by_the_service(kind, field, given):
    form = _form(kind, {field: given, "reason_code": "rounding"}, difference="-5.00")
    assert not form.is_valid()
    assert set(form.errors) <= {field, "__all__"}

    with pytest.raises(errors.InvalidChoice):
        fixes.request(
            kind=kind,
            bridge=form.case.bridge,
            actor=make_user("finn"),
            now=NOW,
            payload={field: given},
            rma=form.case.rma,
            reason_code="rounding",
        )
    assert not Fix.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("closed", "proposed"),
    [([], date(2026, 5, 27)), (["2026-05"], date(2026, 6, 1))],
)
def test_the_first_open_day_is_proposed(closed, proposed):
    assert _form("posting_date", closed=closed).initial["date"] == proposed


@pytest.mark.parametrize(
    ("day", "is_taken", "is_warned"),
    [
        pytest.param("2026-05-27", True, False, id="today"),
        pytest.param("2026-06-27", True, True, id="31 days ahead"),
        pytest.param("2026-06-28", False, False, id="a day more"),
        pytest.param("2027-05-01", False, False, id="next year"),
    ],
)
def test_a_date_far_ahead_is_refused_and_any_to_come_is_warned_of(day, is_taken, is_warned):
    form = _form("posting_date", {"date": day})

    assert form.is_valid() is is_taken
    assert bool(form.warning) is is_warned


def test_no_form_is_offered_for_documents_that_are_not_there():
    bare = _form("retry")
    PostingFactory(rma=bare.case.rma, status="confirmed")
    done = FORMS["link_document"](kind="link_document", case=bare.case, now=NOW)
    PostingFactory(rma=bare.case.rma, status="failed")
    left = FORMS["retry"](kind="retry", case=bare.case, now=NOW)

    assert bare.nothing.startswith("No document of this return is planned yet.")
    assert done.nothing.startswith("Every document of this return is confirmed already")
    assert left.nothing == ""


@pytest.fixture
def mismatch():
    """A refund of 15.00 and a credit of 20.00."""
    world = make_world()
    world.add_order()
    world.add_return(items=[make_unit("5001-1")], refunded=Decimal("15.00"))
    world.carry()
    return world


def _case():
    return Case.objects.get(type="REFUND_CM_MISMATCH")


def _answers(**values):
    given = {"kind": "correct_credit", "adjustment": "-5.00", "reason_code": "goodwill"}
    return {**given, "note": "", **values}


def test_what_heals_nothing_and_breaks_is_not_asked_for_in_passing(client, mismatch):
    case = _case()
    client.force_login(make_user("finn"))
    page = client.get(reverse("case-detail", args=[case.pk])).content.decode()
    assert "that has no charge code" in page
    shown = client.post(reverse("fix-preview", args=[case.pk]), _answers())
    offered = next(each for each in shown.context["offers"] if each.preview)
    assert offered.preview.is_harmful
    assert "This heals nothing and newly breaks 1 return" in shown.content.decode()
    sent = _answers(previewed=offered.preview.digest)

    refused = client.post(reverse("fix-request", args=[case.pk]), sent)

    assert refused.status_code == 422
    assert not Fix.objects.exists()
    client.post(reverse("fix-request", args=[case.pk]), {**sent, "in_spite": "1"})
    assert Fix.objects.get().status == "requested"


def _accept(case, now):
    """Asked for by finn and approved by fiona."""
    fix = fixes.request(
        kind="accept_difference",
        bridge=case.bridge,
        actor=make_user("finn"),
        now=now,
        payload={"difference": "-5.00"},
        case=case,
        rma=case.rma,
        reason_code="goodwill",
    )
    fiona = make_user("fiona", "finance")
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=fiona, now=now)
    return fix, fiona


def test_what_was_accepted_says_who_agreed_and_how_far_the_credit_is(mismatch):
    case = _case()
    _accept(case, mismatch.clock.now)
    mismatch.settle()
    case.refresh_from_db()
    told = "−£5.00 accepted by Finn, agreed by Fiona, until 21 May 2027; "
    assert case.proof.startswith(f"{told}credit memo not read back yet: held; ")
    assert "agrees with the credit" not in case.proof

    mismatch.clock.advance(minutes=2)
    mismatch.settle()

    case.refresh_from_db()
    memo = case.rma.postings.get(kind="credit_memo", status="confirmed")
    assert case.proof.startswith(f"{told}credit memo {memo.number} read back ")


def test_taking_back_leaves_the_clock_as_it_was(mismatch):
    case, now = _case(), mismatch.clock.now
    late = now - timedelta(hours=3)
    Case.objects.filter(pk=case.pk).update(due_at=late)
    fix, fiona = _accept(case, now)
    mismatch.settle()
    case.refresh_from_db()
    assert case.status == "resolved"

    fixes.undo(fix_id=fix.pk, actor=fiona, now=mismatch.clock.now)
    mismatch.settle()

    case.refresh_from_db()
    assert (case.status, case.due_at, case.reopened_count) == ("open", late, 0)


def test_the_exception_and_the_return_say_why_and_the_causes_sum_up(client, mismatch):
    case = _case()
    client.force_login(make_user("finn"))

    for path in (f"/exceptions/{case.pk}/", f"/returns/{case.rma_id}/"):
        page = client.get(path)

        told = page.context["penny"]
        assert [(row["label"], row["amount"]) for row in told["rows"]] == [
            ("Unexplained", Decimal("-5.00"))
        ]
        assert told["difference"] == Decimal("-5.00")
        assert "Not all of it is explained" in page.text
    assert case.group.title == "Refund and credit memo differ: a part has no explanation"


def test_a_further_correction_is_proposed_with_the_one_before_it():
    first = _form("correct_credit", difference="3.20")
    FixFactory(
        kind="correct_credit",
        status="applied",
        bridge=first.case.bridge,
        rma=first.case.rma,
        payload={"adjustment": "2.00"},
        requested_by=make_user("finn"),
    )

    later = FORMS["correct_credit"](kind="correct_credit", case=first.case, now=NOW)

    assert (first.initial["adjustment"], later.initial["adjustment"]) == ("3.20", "5.20")
