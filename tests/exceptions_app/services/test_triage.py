"""Acts of people on cases: what they change, who is told, and that one of two wins."""

import threading
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection, transaction

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case
from exceptions_app.rules.facts import Finding
from exceptions_app.services import cases, people, subjects, triage
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db

TOMORROW = NOW + timedelta(days=1)


def _acts():
    return list(AuditEntry.objects.order_by("id").values_list("actor", "act"))


def test_what_one_person_has_goes_back_to_the_team():
    mira, mona, case = make_user("mira"), make_user("mona"), CaseFactory()
    triage.assign(case_id=case.pk, assignee=mira, actor=mira, now=NOW)
    seen = Case.objects.get().version

    triage.assign(case_id=case.pk, assignee=None, actor=mona, now=NOW, seen=seen)
    triage.assign(case_id=case.pk, assignee=None, actor=mona, now=NOW)

    case.refresh_from_db()
    assert (case.assignee, case.status) == (None, "open")
    assert _acts() == [("Mira", "case.assign"), ("Mona", "case.assign")]
    assert AuditEntry.objects.latest("id").text == "Given back to the team"


def _over_return(**values):
    group = CauseGroupFactory(type="OVER_RETURN")
    return CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge), team="finance", **values)


def test_an_assignment_is_kept_and_told():
    mira, case = make_user("mira"), CaseFactory()

    triage.assign(case_id=case.pk, assignee=mira, actor=mira, now=NOW, seen=case.version)

    case.refresh_from_db()
    assert (case.assignee, case.status) == (mira, "assigned")
    assert _acts() == [("Mira", "case.assign")]


def test_taking_what_one_has_already_changes_nothing():
    mira, case = make_user("mira"), CaseFactory()
    take = partial(triage.assign, case_id=case.pk, assignee=mira, actor=mira, now=NOW)
    take(seen=case.version)

    take(seen=case.version)

    assert _acts() == [("Mira", "case.assign")]


def test_the_second_of_two_is_told_who_was_faster_and_changes_nothing():
    mira, mona, case = make_user("mira"), make_user("mona"), CaseFactory()
    triage.assign(case_id=case.pk, assignee=mona, actor=mona, now=NOW, seen=case.version)

    with pytest.raises(errors.CaseChanged, match=r"Mona, 27 May 2026, 09:12: Assigned to Mona"):
        triage.assign(case_id=case.pk, assignee=mira, actor=mira, now=NOW, seen=case.version)

    case.refresh_from_db()
    assert case.assignee == mona
    assert _acts() == [("Mona", "case.assign")]


def test_changed_facts_are_told_apart_from_a_faster_person():
    mira, case = make_user("mira"), CaseFactory(facts={"sku": "A"})
    seen = case.version
    Case.objects.update(facts={"sku": "B"})

    with pytest.raises(errors.CaseChanged, match="Its facts changed"):
        triage.assign(case_id=case.pk, assignee=mira, actor=mira, now=NOW, seen=seen)

    assert not AuditEntry.objects.exists()


def test_a_person_of_another_team_is_not_given_the_case():
    mira, finn, case = make_user("mira"), make_user("finn"), CaseFactory()

    with pytest.raises(errors.InvalidChoice, match="Finn does not work for Merchandising"):
        triage.assign(case_id=case.pk, assignee=finn, actor=mira, now=NOW)

    case.refresh_from_db()
    assert case.assignee is None


def test_a_case_that_was_put_off_says_until_when_and_why():
    mira, case = make_user("mira"), CaseFactory()

    triage.snooze(case_id=case.pk, until=TOMORROW, note=" Asked  the shop ", actor=mira, now=NOW)

    case.refresh_from_db()
    assert (case.snoozed_until, case.snooze_note, case.status) == (
        TOMORROW,
        "Asked the shop",
        "open",
    )
    assert AuditEntry.objects.get().text == "Put off until 28 May 2026, 09:12. Asked the shop"


@pytest.mark.parametrize(
    ("team", "due_at", "note", "is_done"),
    [
        pytest.param("finance", NOW - timedelta(hours=1), "", False, id="theirs and late"),
        pytest.param("finance", NOW - timedelta(hours=1), "Tom knows", True, id="with a reason"),
        pytest.param("finance", NOW + timedelta(hours=1), "", True, id="theirs in time"),
        pytest.param("merchandising", NOW - timedelta(hours=1), "", True, id="own and late"),
    ],
)
def test_late_work_of_others_is_put_off_only_with_a_reason(team, due_at, note, is_done):
    mira, case = make_user("mira"), CaseFactory(team=team, due_at=due_at)

    (outcome,) = triage.each(
        rows=[(case.pk, case.version)],
        act=partial(triage.snooze, until=TOMORROW, note=note, actor=mira, now=NOW),
    )

    case.refresh_from_db()
    assert outcome.is_done is is_done
    assert (case.snoozed_until is not None) is is_done
    assert AuditEntry.objects.count() == int(is_done)
    if not is_done:
        assert outcome.text == "It is the work of Finance, and late: say why it can wait."


@pytest.mark.parametrize("until", [NOW, NOW - timedelta(days=1), NOW + timedelta(days=61)])
def test_only_a_time_to_come_within_sixty_days_will_do(until):
    case = CaseFactory()

    with pytest.raises(errors.InvalidChoice, match="at most 60 days"):
        triage.snooze(case_id=case.pk, until=until, note="", actor=make_user("mira"), now=NOW)

    case.refresh_from_db()
    assert case.snoozed_until is None
    assert not AuditEntry.objects.exists()


def test_a_case_brought_back_is_in_the_queue_again():
    mira, case = make_user("mira"), CaseFactory(snoozed_until=TOMORROW, snooze_note="later")

    triage.wake(case_id=case.pk, actor=mira, now=NOW, seen=case.version)

    case.refresh_from_db()
    assert (case.snoozed_until, case.snooze_note) == (None, "")
    assert _acts() == [("Mira", "case.wake")]


def _finding(**facts):
    return Finding(
        type="SKU_UNKNOWN",
        subject="line:1",
        cause="tee",
        facts={"sku": "TEE", **facts},
        value=Decimal(20),
        value_formula="Refund",
    )


def test_changed_facts_bring_a_case_back_by_themselves():
    subject = subjects.of_rma(RmaFactory())
    (case,) = cases.sync(subject=subject, findings=[_finding(units="1")], now=NOW)
    Case.objects.update(snoozed_until=TOMORROW, snooze_note="later")

    cases.sync(subject=subject, findings=[_finding(units="1")], now=NOW)
    case.refresh_from_db()
    assert case.snoozed_until == TOMORROW

    cases.sync(subject=subject, findings=[_finding(units="2")], now=NOW)
    case.refresh_from_db()
    assert (case.snoozed_until, case.snooze_note) == (None, "")
    assert _acts()[-1] == ("Returnsbridge", "case.wake")


@pytest.mark.lesson(28)
def test_who_was_chosen_by_hand_keeps_it_whatever_the_facts_say():
    subject = subjects.of_rma(RmaFactory())
    (case,) = cases.sync(subject=subject, findings=[_finding(units="1")], now=NOW)
    mona = make_user("mona")
    triage.assign(case_id=case.pk, assignee=mona, actor=make_user("mira"), now=NOW)

    for units in ("2", "3"):
        cases.sync(subject=subject, findings=[_finding(units=units)], now=NOW)

    case.refresh_from_db()
    assert (case.assignee, case.status, case.facts["units"]) == (mona, "assigned", "3")


def test_closing_by_hand_can_be_taken_back():
    finn, case = make_user("finn"), _over_return()
    triage.close_by_hand(
        case_id=case.pk, reason="registered_twice", note="", actor=finn, now=NOW, seen=case.version
    )

    triage.reopen(case_id=case.pk, actor=finn, now=NOW)

    case.refresh_from_db()
    assert (case.status, case.closure, case.close_reason, case.resolved_at, case.proof) == (
        "open",
        "",
        "",
        None,
        "",
    )
    assert [act for _, act in _acts()] == ["case.close", "case.reopen"]


def test_what_opens_again_is_free_where_its_person_has_left_meanwhile():
    ada, nina = make_user("ada"), make_user("nina", "merchandising")
    by_hand = CaseFactory(
        assignee=nina, status="resolved", closure="by_hand", close_reason="x", resolved_at=NOW
    )
    subject = subjects.of_rma(RmaFactory())
    (by_proof,) = cases.sync(subject=subject, findings=[_finding()], now=NOW)
    triage.assign(case_id=by_proof.pk, assignee=nina, actor=ada, now=NOW)
    cases.sync(subject=subject, findings=[], now=NOW)
    assert people.deactivate(user_id=nina.pk, actor=ada, reason="Left", now=NOW) == 0

    triage.reopen(case_id=by_hand.pk, actor=ada, now=NOW)
    cases.sync(subject=subject, findings=[_finding()], now=NOW)

    rows = Case.objects.filter(pk__in=[by_hand.pk, by_proof.pk])
    assert list(rows.values_list("status", "assignee")) == [("open", None)] * 2
    mona = make_user("mona")
    for _ in rows:
        triage.take_next(rows=rows, actor=mona, now=NOW)
    assert list(rows.values_list("status", "assignee")) == [("assigned", mona.pk)] * 2


def test_what_proof_closed_no_person_opens():
    case = CaseFactory(status="resolved", closure="proof", resolved_at=NOW, proof="CM-9 is there")

    with pytest.raises(errors.InvalidChoice, match="closed by proof"):
        triage.reopen(case_id=case.pk, actor=make_user("finn"), now=NOW)

    case.refresh_from_db()
    assert (case.status, case.proof) == ("resolved", "CM-9 is there")
    assert not AuditEntry.objects.exists()


def test_a_closed_case_takes_no_act_and_says_why():
    mira, finn, case = make_user("mira"), make_user("finn"), _over_return()
    triage.close_by_hand(case_id=case.pk, reason="registered_twice", note="", actor=finn, now=NOW)

    with pytest.raises(errors.CaseAlreadyClosed, match=r"Finn, 27 May 2026, 09:12: Closed by hand"):
        triage.snooze(case_id=case.pk, until=TOMORROW, note="", actor=mira, now=NOW)


def test_many_rows_are_done_one_by_one_and_the_changed_one_is_named():
    mira, mona = make_user("mira"), make_user("mona")
    first, second, third = CaseFactory(), CaseFactory(), CaseFactory()
    rows = [(case.pk, case.version) for case in (first, second, third)]
    triage.assign(case_id=second.pk, assignee=mona, actor=mona, now=NOW)

    outcomes = triage.each(
        rows=rows, act=partial(triage.assign, assignee=mira, actor=mira, now=NOW)
    )

    assert [(each.case_id, each.is_done) for each in outcomes] == [
        (first.pk, True),
        (second.pk, False),
        (third.pk, True),
    ]
    assert "Mona, 27 May 2026, 09:12" in outcomes[1].text
    assert list(Case.objects.order_by("pk").values_list("assignee__username", flat=True)) == [
        "mira",
        "mona",
        "mira",
    ]


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_very_same_moment_one_wins_with_one_effect():
    people = [make_user("mira"), make_user("mona")]
    case = CaseFactory()
    seen, gate, told = case.version, threading.Barrier(2), []

    def take(person):
        gate.wait(timeout=10)
        try:
            triage.assign(case_id=case.pk, assignee=person, actor=person, now=NOW, seen=seen)
        except errors.CaseChanged as error:
            told.append((person.username, str(error)))
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    case.refresh_from_db()
    (loser, words), winner = told[0], case.assignee.username
    assert {loser, winner} == {"mira", "mona"}
    assert len(told) == 1
    assert winner.capitalize() in words
    assert AuditEntry.objects.filter(act="case.assign").count() == 1


def test_the_next_one_is_the_gravest_free_one_and_of_these_what_is_due_first():
    mira = make_user("mira")
    later = CaseFactory(severity="critical", due_at=NOW + timedelta(hours=2))
    sooner = CaseFactory(severity="critical", due_at=NOW + timedelta(hours=1))
    CaseFactory(severity="critical", status="awaiting_approval", due_at=NOW)
    CaseFactory(severity="critical", snoozed_until=TOMORROW, due_at=NOW)
    CaseFactory(severity="critical", assignee=make_user("mona"), status="assigned", due_at=NOW)
    CaseFactory(severity="critical", status="resolved", due_at=NOW)
    last = CaseFactory(severity="high", due_at=NOW)
    take = partial(triage.take_next, rows=Case.objects.all(), actor=mira, now=NOW)

    assert [take(), take(), take(), take()] == [sooner, later, last, None]

    sooner.refresh_from_db()
    assert (sooner.assignee, sooner.status) == (mira, "assigned")
    assert _acts() == [("Mira", "case.assign")] * 3
    assert AuditEntry.objects.latest("id").text == "Taken as the next one by Mira"


@pytest.mark.django_db(transaction=True)
def test_who_asks_while_another_is_taking_the_first_gets_the_second():
    mira, mona = make_user("mira"), make_user("mona")
    first, second = CaseFactory(severity="critical"), CaseFactory(severity="high")
    told = []

    def take():
        try:
            told.append(triage.take_next(rows=Case.objects.all(), actor=mona, now=NOW))
        finally:
            connection.close()

    with transaction.atomic():
        assert triage.take_next(rows=Case.objects.all(), actor=mira, now=NOW) == first
        other = threading.Thread(target=take)
        other.start()
        other.join(timeout=20)

    assert told == [second]
    assert dict(Case.objects.values_list("pk", "assignee")) == {
        first.pk: mira.pk,
        second.pk: mona.pk,
    }
