"""What somebody changes in the ERP after it was confirmed: found, told once, ended by proof."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from exceptions_app.models import (
    AuditEntry,
    CallCount,
    Case,
    ConnectionBudget,
    Posting,
    PostingAttempt,
    Watermark,
)
from exceptions_app.services import flow, rereading, triage
from tests import plans
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """One return whose credit of 20.00 and whose receipt are confirmed."""
    made = make_world()
    made.add_order()
    made.add_return()
    made.carry()
    assert set(Posting.objects.values_list("status", flat=True)) == {"confirmed"}
    return made


def edit(world, what):
    (credit,) = world.documents("CM")
    world.erp.load({"edits": [{"doc_num": credit["doc_num"], "what": what}]})


def look(world, **later):
    """Read again after `later`; returns how many calls were made for it."""
    before = calls()
    world.clock.advance(**later)
    with world.connected():
        rereading.read_due(now=world.clock.now)
        flow.plan(clock=world.clock)
    return calls() - before


def calls():
    return sum(CallCount.objects.filter(reason="reread").values_list("count", flat=True))


def case_of():
    return Case.objects.get(type="ERP_EDITED")


def test_a_changed_amount_is_told_with_the_difference_and_ends_once_it_is_restored(world):
    edit(world, "amount")

    look(world, hours=25)
    case = case_of()
    credit = Posting.objects.get(kind="credit_memo")
    assert (case.team, case.status, case.posting) == ("finance", "open", credit)
    assert (case.value, case.value_formula) == (Decimal("1.00"), "the difference")
    assert (
        case.title
        == f"The credit memo {credit.number} of return {case.rma} was changed in BlueCherry"
    )
    assert case.facts["found"] == "£21.00 instead of £20.00"
    assert credit.status == "confirmed"
    acts = AuditEntry.objects.filter(act="posting.reread").values_list("text", flat=True)
    assert [text.endswith("£21.00 instead of £20.00") for text in acts] == [True]

    look(world, hours=1)
    assert case_of().reopened_count == 0
    assert acts.count() == 1

    edit(world, "restore")
    look(world, hours=1)
    case.refresh_from_db()
    assert (case.status, case.closure) == ("resolved", "proof")
    assert case.proof.startswith("BlueCherry shows the document as it was sent.")


@pytest.mark.parametrize(
    ("what", "words", "value"),
    [
        pytest.param("quantity", "2 units instead of 1", Decimal("20.00"), id="units"),
        pytest.param("void", "it is void there", Decimal("20.00"), id="void"),
    ],
)
def test_what_no_sum_tells_puts_the_whole_document_at_risk(world, what, words, value):
    edit(world, what)

    look(world, hours=25)

    assert (case_of().facts["found"], case_of().value) == (words, value)


def test_the_page_says_what_is_there_now_and_never_that_it_was_refused(world, client):
    edit(world, "amount")
    look(world, hours=25)
    client.force_login(make_user("finn", "finance"))

    shown = client.get(f"/exceptions/{case_of().pk}/").content.decode()

    assert "BlueCherry shows it otherwise today: £21.00 instead of £20.00." in " ".join(
        shown.split()
    )
    assert "refused it" not in shown
    assert "Nothing was booked" not in shown


def test_a_document_that_nobody_touched_costs_one_call_a_kind_and_leaves_no_trace(world):
    before = (PostingAttempt.objects.count(), AuditEntry.objects.count())

    made = [look(world, hours=23), look(world, hours=1), look(world, hours=1), look(world, hours=1)]

    assert made == [0, 2, 0, 0]
    assert (PostingAttempt.objects.count(), AuditEntry.objects.count()) == before
    assert not Case.objects.exists()
    assert [look(world, days=1) for _ in range(8)] == [0, 0, 0, 0, 0, 0, 2, 0]


def test_a_change_that_is_adopted_with_a_reason_stays_closed_and_is_not_asked_for_again(world):
    edit(world, "amount")
    look(world, hours=25)

    triage.close_by_hand(
        case_id=case_of().pk,
        reason="adopted",
        note="Agreed with the customer",
        actor=make_user("finn", "finance"),
        now=world.clock.now,
    )

    assert look(world, hours=1) == 0
    world.bridge.rmas.update(plan_due_at=world.clock.now)
    with world.connected():
        flow.plan(clock=world.clock)
    assert (case_of().status, case_of().closure) == ("resolved", "by_hand")
    assert case_of().proof == "The change is right. Agreed with the customer"


def test_what_has_to_be_sent_keeps_half_of_the_days_calls(world):
    edit(world, "amount")
    budget = ConnectionBudget.objects.filter(connection=world.bridge.erp)
    tomorrow = (world.clock.now + timedelta(hours=25)).date()
    budget.update(daily_limit=1000, write_reserve=0, calls_today=500, day=tomorrow)

    assert look(world, hours=25) == 0
    assert not Case.objects.exists()

    budget.update(calls_today=499)
    assert look(world, hours=1) > 0
    assert case_of().status == "open"


def test_a_credit_that_is_not_applied_within_a_week_is_told_until_nothing_of_it_is_open(world):
    edit(world, "unapply")

    look(world, hours=25)
    assert not Case.objects.exists()
    look(world, days=7)
    case = Case.objects.get()
    assert (case.type, case.team, case.status) == ("CM_UNALLOCATED", "finance", "open")
    assert (case.value, case.value_formula) == (Decimal("20.00"), "open balance")
    assert case.facts["number"] == Posting.objects.get(kind="credit_memo").number

    edit(world, "apply")
    look(world, hours=1)
    case.refresh_from_db()
    assert (case.status, case.closure) == ("resolved", "proof")
    assert case.proof.startswith("The credit has no open balance.")


def test_an_edit_is_told_before_an_open_balance_and_gives_way_to_it(world):
    edit(world, "unapply")
    edit(world, "amount")
    look(world, days=8, hours=1)
    assert list(Case.objects.values_list("type", "status")) == [("ERP_EDITED", "open")]

    edit(world, "restore")
    look(world, hours=1)

    found = Case.objects.order_by("pk").values_list("type", "status")
    assert list(found) == [("ERP_EDITED", "resolved"), ("CM_UNALLOCATED", "open")]
    restored = "BlueCherry shows the document as it was sent."
    assert Case.objects.get(type="ERP_EDITED").proof.startswith(restored)


@pytest.mark.parametrize("keyed", ["word", "linked"])
def test_what_a_person_answers_for_is_not_asked_for(world, keyed):
    Posting.objects.update(keyed=keyed)

    assert look(world, hours=25) == 0


def test_after_a_long_halt_it_goes_on_with_what_is_due_now(world):
    edit(world, "amount")
    look(world, hours=1)
    since = Watermark.objects.get(feed=rereading.FEED).position

    assert look(world, days=3) == 0

    assert Watermark.objects.get(feed=rereading.FEED).position > since
    assert not Case.objects.exists()


def test_what_is_due_is_found_without_walking_what_was_confirmed_before(world):
    credit = Posting.objects.get(kind="credit_memo")
    old = credit.confirmed_at - timedelta(days=200)
    fields = {f.attname: getattr(credit, f.attname) for f in Posting._meta.concrete_fields}
    Posting.objects.bulk_create(
        Posting(
            **fields
            | {"id": None, "slot": f"old:{n}", "key": f"OLD-{n}", "control_number": 0}
            | {"confirmed_at": old - timedelta(minutes=n)}
        )
        for n in range(2_000)
    )
    world.clock.advance(hours=25)
    plans.analyse()

    with world.connected(), CaptureQueriesContext(database) as captured:
        assert rereading.read_due(now=world.clock.now) == 1

    asked = [row["sql"] for row in captured.captured_queries if row["sql"].startswith("SELECT")]
    due = [sql for sql in asked if '"confirmed_at" >' in sql and "exceptions_app_posting" in sql]
    assert len(due) == 6
    assert plans.rows_read(due) < 20


def test_of_documents_confirmed_in_one_moment_none_is_passed_over(world, monkeypatch):
    monkeypatch.setattr(rereading, "MOST_CALLS", 1)
    credit = Posting.objects.get(kind="credit_memo")
    Posting.objects.exclude(pk=credit.pk).update(confirmed_at=None)
    for number in range(60):
        credit.pk, credit.key, credit.slot = None, f"CM-{number}", f"credit_memo:{number}"
        credit.control_number = 1_000 + number
        credit.save(force_insert=True)
    asked, references = [], rereading.calls.references

    def noted(rows):
        asked.extend(row.key for row in rows)
        return references(rows)

    monkeypatch.setattr(rereading.calls, "references", noted)

    look(world, hours=25)

    assert len(asked) == len(set(asked)) == 61
