"""Assignment by rule, through what finds exceptions; what a person placed is left alone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connection, transaction

from exceptions_app import errors
from exceptions_app.models import (
    AssignmentRule,
    AssignmentTurn,
    AuditEntry,
    Case,
    Delegation,
    ErpReceipt,
)
from exceptions_app.rules.assigning import Rule, fits
from exceptions_app.rules.facts import Finding
from exceptions_app.selectors import assigning as assigning_selector
from exceptions_app.selectors import whereabouts
from exceptions_app.services import (
    assigning,
    assignment_rules,
    cases,
    delegations,
    subjects,
    triage,
)
from exceptions_app.services.assignment_rules import Draft
from tests.cast import make_user
from tests.factories import (
    BridgeFactory,
    CaseFactory,
    ErpLocationFactory,
    FixFactory,
    MappingFactory,
    RmaFactory,
    RmaLineFactory,
    SalesOrderFactory,
)

pytestmark = pytest.mark.django_db

# Far from the end of its month, which would raise all by itself.
NOW = datetime(2026, 5, 13, 9, 0, tzinfo=UTC)


def _finding(value=20, type_="CM_REJECTED"):
    return Finding(
        type=type_,
        subject="line:1",
        cause="tee",
        facts={"reason": "no"},
        value=Decimal(value),
        value_formula="the credit",
    )


def _find(rma=None, *, value=20, now=NOW):
    (case,) = cases.sync(
        subject=subjects.of_rma(rma or RmaFactory()), findings=[_finding(value)], now=now
    )
    return Case.objects.get(pk=case.pk)


def _rule(*names, way="turn", team="finance", actor="ada", **asked):
    people = tuple(make_user(name) for name in names)
    draft = Draft(team=team, way=way, people=people, **asked)
    return assignment_rules.add(draft=draft, actor=make_user(actor), now=NOW)


def _who(case):
    return case.assignee.username if case.assignee else ""


def test_what_is_found_goes_round_and_the_trail_names_the_rule():
    rule = _rule("finn", "fiona")

    found = [_find() for _ in range(3)]

    assert [_who(case) for case in found] == ["finn", "fiona", "finn"]
    assert {case.status for case in found} == {"assigned"}
    told = AuditEntry.objects.filter(act="case.assign", case_id=found[1].pk)
    assert [(row.actor, row.text) for row in told] == [
        ("Returnsbridge", f"Assigned to Fiona by assignment rule {rule.pk}")
    ]


def test_without_a_rule_it_costs_one_query_and_nobody_is_given_anything(
    django_assert_num_queries,
):
    case = CaseFactory(team="finance")

    with django_assert_num_queries(1):
        assert assigning.place(cases=[case], now=NOW) == 0

    case.refresh_from_db()
    assert (case.assignee, case.status) == (None, "open")


def test_whoever_has_least_is_given_it():
    CaseFactory(team="finance", assignee=make_user("finn"), status="assigned")
    _rule("finn", "fiona", way="least")

    assert [_who(_find()) for _ in range(3)] == ["fiona", "finn", "fiona"]


def test_who_is_away_inactive_or_left_the_team_is_passed_over():
    fred = make_user("fred", "finance")
    rule = _rule("finn", "fiona", "fred")
    Delegation.objects.create(
        person=make_user("finn"),
        delegate=make_user("fiona"),
        starts_at=NOW - timedelta(days=1),
        ends_at=NOW + timedelta(days=1),
        created_at=NOW,
    )
    make_user("fiona").groups.clear()

    assert [_who(_find()) for _ in range(2)] == ["fred", "fred"]
    fred.is_active = False
    fred.save()
    assert _who(_find()) == ""
    assert rule.turns.count() == 3


def test_who_approves_nothing_is_away_without_a_delegate_and_is_given_nothing():
    cleo, cora = make_user("cleo"), make_user("cora", "cx")
    _rule("cleo", "cora", team="cx")
    away = {"starts_at": NOW, "ends_at": NOW + timedelta(days=2), "now": NOW}
    with pytest.raises(errors.InvalidChoice, match="holds none of your roles"):
        delegations.name(actor=cleo, delegate=cora, **away)
    row = delegations.name(actor=cleo, delegate=None, **away)

    assert AuditEntry.objects.get(act="delegation.name").text.startswith("Cleo is away, ")
    assert assigning_selector.present(people=[cleo.pk, cora.pk], team="cx", now=NOW) == {cora.pk}
    case = CaseFactory(team="cx")
    with pytest.raises(errors.InvalidChoice, match="You are away"):
        triage.take_next(rows=Case.objects.all(), actor=cleo, now=NOW)
    assert Case.objects.get(pk=case.pk).assignee is None

    delegations.end(delegation_id=row.pk, actor=cleo, now=NOW + timedelta(hours=1))

    later = NOW + timedelta(hours=1)
    assert triage.take_next(rows=Case.objects.all(), actor=cleo, now=later) == case


@pytest.mark.lesson(28)
def test_a_hand_is_never_overruled():
    rma = RmaFactory()
    before = _find(rma)
    ada, fiona = make_user("ada"), make_user("fiona")
    triage.assign(case_id=before.pk, assignee=fiona, actor=fiona, now=NOW)
    _rule("finn", way="person")

    assert _who(_find(rma, value=900)) == "fiona"
    triage.assign(case_id=before.pk, assignee=None, actor=ada, now=NOW)
    cases.sync(subject=subjects.of_rma(rma), findings=[], now=NOW)

    back = _find(rma, value=900)
    assert (back.reopened_count, _who(back)) == (1, "")


def test_what_nobody_placed_is_given_when_it_is_raised_and_not_before():
    rma = RmaFactory()
    _find(rma)
    _rule("finn", way="person")

    assert _who(_find(rma)) == ""
    risen = _find(rma, value=900)

    assert (risen.severity, _who(risen)) == ("critical", "finn")


def test_what_is_freed_because_its_person_left_may_be_given_again():
    rma = RmaFactory()
    case = _find(rma)
    fiona = make_user("fiona")
    triage.assign(case_id=case.pk, assignee=fiona, actor=fiona, now=NOW)
    triage.release(assignee=fiona, actor=make_user("ada"), now=NOW)
    _rule("finn", way="person")

    assert _who(_find(rma, value=900)) == "finn"


def test_only_money_of_its_own_currency_and_bridge_goes_by_a_narrow_rule():
    bridge = BridgeFactory()
    _rule("finn", way="person", bridge=bridge, at_least=Decimal(100), currency="GBP")
    here = RmaFactory(bridge=bridge, currency="GBP")

    assert _who(_find(here, value=100)) == "finn"
    assert _who(_find(RmaFactory(bridge=bridge, currency="EUR"), value=900)) == ""
    assert _who(_find(RmaFactory(currency="GBP"), value=900)) == ""


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_give_to_two_people_and_neither_waits():
    rule = _rule("finn", "fiona")
    first, second = CaseFactory(team="finance"), CaseFactory(team="finance")

    def other():
        try:
            with transaction.atomic():
                assigning.place(cases=[Case.objects.get(pk=second.pk)], now=NOW)
        finally:
            connection.close()

    with transaction.atomic():
        assigning.place(cases=[first], now=NOW)
        worker = Thread(target=other)
        worker.start()
        worker.join(timeout=20)
        assert not worker.is_alive()

    given = Case.objects.order_by("pk").values_list("assignee__username", flat=True)
    assert list(given) == ["finn", "fiona"]
    assert list(rule.turns.order_by("pk").values_list("turn", flat=True)) == [1, 1]


def test_only_who_leads_the_team_sets_its_rules():
    draft = Draft(team="finance", way="person", people=(make_user("finn"),))

    for actor in (make_user("finn"), make_user("wilma", "warehouse", "lead"), make_user("lena")):
        with pytest.raises(errors.FixNotAllowed, match="Only who leads Finance"):
            assignment_rules.add(draft=draft, actor=actor, now=NOW)

    assert (AssignmentRule.objects.count(), AuditEntry.objects.count()) == (0, 0)
    leader = make_user("frida", "finance", "lead")
    assert assignment_rules.add(draft=draft, actor=leader, now=NOW).team == "finance"


def test_people_of_another_team_and_two_for_one_are_refused():
    with pytest.raises(errors.InvalidChoice, match="Wanda does not work for Finance"):
        _rule("finn", "wanda")
    with pytest.raises(errors.InvalidChoice, match="exactly one"):
        _rule("finn", "fiona", way="person")
    with pytest.raises(errors.InvalidChoice, match="Choose who"):
        _rule()

    assert AssignmentRule.objects.count() == 0


def test_an_edit_keeps_the_turns_of_who_stays_and_the_trail_says_what_differs():
    rule = _rule("finn", "fiona")
    _find()
    lead = make_user("frida", "finance", "lead")
    draft = Draft(team="finance", way="turn", people=(make_user("finn"), lead))

    assignment_rules.edit(rule_id=rule.pk, draft=draft, seen=1, actor=lead, now=NOW)

    turns = AssignmentTurn.objects.filter(rule=rule).order_by("pk")
    assert list(turns.values_list("person__username", "turn")) == [("finn", 1), ("frida", 0)]
    entry = AuditEntry.objects.get(act="assignment.edit")
    assert (entry.before["people"], entry.after["people"]) == ("Finn, Fiona", "Finn, Frida")
    with pytest.raises(errors.CaseChanged):
        assignment_rules.drop(rule_id=rule.pk, seen=1, actor=lead, now=NOW)


def test_a_rule_moves_up_and_one_out_of_use_gives_nothing():
    first, second = _rule("finn", way="person"), _rule("fiona", way="person")
    ada = make_user("ada")

    assignment_rules.move_up(rule_id=second.pk, seen=1, actor=ada, now=NOW)
    assert _who(_find()) == "fiona"
    assignment_rules.move_up(rule_id=second.pk, seen=1, actor=ada, now=NOW)
    assignment_rules.drop(rule_id=second.pk, seen=1, actor=ada, now=NOW)

    assert _who(_find()) == "finn"
    assert AuditEntry.objects.filter(act="assignment.move").count() == 1
    assert AssignmentRule.objects.get(pk=first.pk).position == 2


def _at(bridge, place="Leeds DC", division="", **values):
    """A return whose goods the platform says are at `place`, of an order of `division`."""
    order = SalesOrderFactory(connection=bridge.erp, division=division) if division else None
    rma = RmaFactory(bridge=bridge, sales_order=order)
    RmaLineFactory(rma=rma, location=place, **values)
    return rma


@pytest.fixture
def leeds():
    """Leeds by its mapping, in a bridge of two warehouses."""
    bridge = BridgeFactory()
    place = ErpLocationFactory(connection=bridge.erp, code="WH1")
    ErpLocationFactory(connection=bridge.erp, code="WH2", name="Hull")
    for value, code in (("Leeds DC", "WH1"), ("Hull DC", "WH2")):
        target = {"division": "10", "warehouse": code}
        MappingFactory(bridge=bridge, kind="location", source_value=value, target=target)
    return bridge, place


def test_goods_of_a_warehouse_go_to_its_people_by_what_their_place_is_mapped_to(leeds):
    bridge, place = leeds
    _rule("finn", place=place)
    _rule("fiona")

    found = [_find(_at(bridge, name)) for name in ("LEEDS dc", "Hull DC", "Nowhere", "")]

    assert [_who(case) for case in found] == ["finn", "fiona", "fiona", "fiona"]
    words = assigning_selector.words_of(AssignmentRule.objects.get(place=place))
    assert words == f"goods at Leeds, 10/WH1 of {bridge.erp.name}"


def test_where_the_erp_received_them_and_where_somebody_said_they_are_count_too(leeds):
    bridge, place = leeds
    _rule("finn", place=place)
    received, said = _at(bridge, "Hull DC"), _at(bridge, "")
    ErpReceipt.objects.create(
        connection=bridge.erp,
        rma=received,
        external_id="77",
        warehouse="WH1",
        received_at=NOW,
        read_at=NOW,
    )
    FixFactory(
        bridge=bridge,
        rma=said,
        kind="set_location",
        payload={"location": "Leeds DC"},
        status="applied",
        requested_by=make_user("wanda"),
    )

    assert [_who(_find(rma)) for rma in (received, said)] == ["finn", "finn"]


def test_orders_of_a_division_go_to_its_people(leeds):
    bridge, _ = leeds
    _rule("finn", division="10")

    found = [_find(_at(bridge, division=name)) for name in ("10", "20", "")]

    assert [_who(case) for case in found] == ["finn", "", ""]


def test_what_a_rule_by_warehouse_would_do_is_foretold_as_it_is_done(leeds):
    bridge, place = leeds
    for name in ("Leeds DC", "Hull DC"):
        CaseFactory(team="finance", rma=_at(bridge, name))
    rule = Rule(pk=1, team="finance", way="turn", people=(1,), place_id=place.pk)

    jobs, is_cut = assigning_selector.jobs(team="finance", rules=[rule])
    plain, _ = assigning_selector.jobs(team="finance", rules=[])

    assert ([fits(rule, job) for job in jobs], is_cut) == ([True, False], False)
    assert [job.places for job in plain] == [frozenset(), frozenset()]


def test_where_many_returns_are_costs_as_many_queries_as_one(leeds, django_assert_num_queries):
    bridge, _ = leeds
    pks = [_at(bridge).pk for _ in range(3)]

    with django_assert_num_queries(7):
        assert len(whereabouts.of_returns(pks)) == 3
