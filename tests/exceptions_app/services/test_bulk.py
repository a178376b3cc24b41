"""Acts on everything that matches: row by row as the single act, none twice, and taken back."""

from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Bulk, BulkRow, Case
from exceptions_app.selectors import bulk as bulk_selector
from exceptions_app.services import (
    bulk,
    bulk_freezing,
    bulk_rows,
    bulk_running,
    faultpoints,
    fixes,
    triage,
)
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, PostingFactory, RmaFactory
from tests.world import make_unit, make_world

pytestmark = pytest.mark.django_db

CLOSE = {"reason": "on_account", "note": "Same parcel"}


def _frozen(kind, who="mira"):
    return bulk_freezing.freeze(kind=kind, cases=Case.objects.all(), actor=make_user(who), now=NOW)


def _started(kind, given=None, who="mira"):
    found = _frozen(kind, who)
    return bulk.start(bulk_id=found.pk, given=given or {}, actor=make_user(who), now=NOW)


def _run(now=NOW):
    while bulk_running.run_next(now=now):
        pass


def _states():
    return list(BulkRow.objects.order_by("bulk", "position").values_list("state", flat=True))


def _holders():
    return dict(Case.objects.order_by("pk").values_list("pk", "assignee__username"))


def _credited(**values):
    group = CauseGroupFactory(type="CM_NO_REFUND")
    return CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge), team="finance", **values)


def test_a_draft_says_count_money_and_what_will_be_refused_and_changes_nothing():
    by_proof = [CaseFactory(value=Decimal("10.50")) for _ in range(2)]
    _credited(value=Decimal("4.00"), currency="EUR")

    found = _frozen("close", "finn")

    assert (found.state, found.count) == ("draft", 3)
    assert found.sums == [["EUR", "4.0000"], ["GBP", "21.0000"]]
    (refusal,) = found.forecast
    assert (refusal["count"], refusal["examples"]) == (2, [case.pk for case in by_proof])
    assert "closes by proof only" in refusal["why"]
    _run()
    assert set(_states()) == {"waiting"}
    assert not AuditEntry.objects.exists()


@pytest.mark.lesson(1)
def test_what_joins_after_it_was_frozen_is_left_out():
    first = CaseFactory()
    started = _started("mine")
    late = CaseFactory()

    _run()

    assert _holders() == {first.pk: "mira", late.pk: None}
    assert Bulk.objects.get(pk=started.pk).state == "done"
    assert AuditEntry.objects.get(act="bulk.done").text == (
        "Finished: Assign to me, 1 done, 0 left as they were"
    )


@pytest.mark.lesson(4)
def test_each_row_is_done_refused_or_left_because_it_changed():
    own, by_proof, moved = _credited(), CaseFactory(), _credited()
    _started("close", CLOSE, "finn")
    fiona = make_user("fiona")
    triage.assign(case_id=moved.pk, assignee=fiona, actor=fiona, now=NOW)

    _run()

    rows = dict(BulkRow.objects.values_list("case", "state"))
    assert rows == {own.pk: "done", by_proof.pk: "refused", moved.pk: "changed"}
    texts = dict(BulkRow.objects.values_list("case", "text"))
    assert texts[by_proof.pk] == "This exception closes by proof only."
    assert texts[moved.pk].startswith("Another was faster. Fiona, ")
    open_now = Case.objects.exclude(status="resolved").order_by("pk")
    assert list(open_now) == [by_proof, moved]


def test_a_worker_that_dies_is_followed_by_one_that_goes_on_and_does_none_twice():
    cases = [CaseFactory() for _ in range(3)]
    _started("note", {"note": "Seen by the supplier"})

    def die(name):
        if name == "bulk_row" and AuditEntry.objects.filter(act="note").count() == 2:
            raise KeyboardInterrupt

    token = faultpoints.hook.set(die)
    try:
        with pytest.raises(KeyboardInterrupt):
            bulk_running.run_next(now=NOW)
    finally:
        faultpoints.hook.reset(token)

    assert not bulk_running.run_next(now=NOW)
    _run(NOW + timedelta(minutes=2))

    noted = AuditEntry.objects.filter(act="note").order_by("case_id")
    assert [entry.case_id for entry in noted] == [case.pk for case in cases]
    assert set(_states()) == {"done"}


def test_a_row_that_takes_every_worker_down_is_named_and_the_others_are_done(monkeypatch):
    bad, good = CaseFactory(), CaseFactory()
    _started("note", {"note": "Seen"})
    about_case = bulk_rows.notes.about_case

    def break_at(*, case_id, **values):
        if case_id == bad.pk:
            raise ZeroDivisionError
        return about_case(case_id=case_id, **values)

    monkeypatch.setattr(bulk_rows.notes, "about_case", break_at)
    for number in range(bulk_running.MOST_TRIES):
        with pytest.raises(ZeroDivisionError):
            bulk_running.run_next(now=NOW + timedelta(minutes=2 * number))
    _run(NOW + timedelta(hours=1))

    assert dict(BulkRow.objects.values_list("case", "state")) == {
        bad.pk: "refused",
        good.pk: "done",
    }


def test_assigning_is_taken_back_except_where_somebody_acted_since():
    first, second = CaseFactory(), CaseFactory()
    mona = make_user("mona")
    triage.assign(case_id=first.pk, assignee=mona, actor=mona, now=NOW)
    started = _started("mine")
    _run()
    triage.assign(case_id=second.pk, assignee=mona, actor=mona, now=NOW)

    bulk.undo(bulk_id=started.pk, actor=make_user("mira"), now=NOW)
    _run()

    assert _holders() == {first.pk: "mona", second.pk: "mona"}
    undone = BulkRow.objects.filter(bulk__kind="undo")
    assert dict(undone.values_list("case", "state")) == {first.pk: "done", second.pk: "changed"}
    with pytest.raises(errors.FixAlreadyDecided, match="taken back already"):
        bulk.undo(bulk_id=started.pk, actor=make_user("mira"), now=NOW)


def test_putting_off_and_closing_are_taken_back_too():
    case = _credited()
    off = _started("snooze", {"until": (NOW + timedelta(days=2)).isoformat(), "note": "x"}, "finn")
    _run()
    assert Case.objects.get().snoozed_until == NOW + timedelta(days=2)
    bulk.undo(bulk_id=off.pk, actor=make_user("finn"), now=NOW)
    _run()
    assert Case.objects.get().snoozed_until is None
    closed = _started("close", CLOSE, "finn")
    _run()
    assert Case.objects.get().status == "resolved"

    bulk.undo(bulk_id=closed.pk, actor=make_user("finn"), now=NOW)
    _run()

    case.refresh_from_db()
    assert (case.status, case.close_reason) == ("open", "")


@pytest.mark.lesson(12)
def test_a_window_is_sent_again_in_the_order_of_each_return():
    first = RmaFactory()
    second = RmaFactory(bridge=first.bridge)
    made = {}
    for place in (60, 20, 40):
        for rma in (second, first):
            made[rma, place] = PostingFactory(
                rma=rma, sequence=place, status="failed", created_at=NOW
            )

    found = bulk_freezing.freeze_window(
        bridge=first.bridge,
        kind="",
        since=NOW,
        until=NOW + timedelta(minutes=1),
        per_minute=5,
        actor=make_user("ines"),
        now=NOW,
    )

    order = [(first, 20), (first, 40), (first, 60), (second, 20), (second, 40), (second, 60)]
    frozen = found.rows.order_by("position").values_list("posting", flat=True)
    assert list(frozen) == [made[step].pk for step in order]


def test_a_note_stays():
    CaseFactory()
    started = _started("note", {"note": "Seen"})
    _run()

    with pytest.raises(errors.FixNotAllowed, match="cannot be taken back"):
        bulk.undo(bulk_id=started.pk, actor=make_user("mira"), now=NOW)

    assert Bulk.objects.count() == 1


@pytest.mark.parametrize(("kind", "who"), [("accept", "mira"), ("retry", "cleo"), ("mine", "aud")])
def test_nobody_freezes_what_they_may_not_do(kind, who):
    CaseFactory()

    with pytest.raises(errors.FixNotAllowed):
        _frozen(kind, who)

    assert not Bulk.objects.exists()


def test_another_person_neither_starts_nor_stops_it_and_an_admin_stops_it():
    CaseFactory()
    found = _frozen("mine")
    mona, ada = make_user("mona"), make_user("ada")
    with pytest.raises(errors.FixNotAllowed):
        bulk.start(bulk_id=found.pk, given={}, actor=mona, now=NOW)
    bulk.start(bulk_id=found.pk, given={}, actor=make_user("mira"), now=NOW)
    with pytest.raises(errors.FixAlreadyDecided, match="started already"):
        bulk.start(bulk_id=found.pk, given={}, actor=make_user("mira"), now=NOW)
    with pytest.raises(errors.FixNotAllowed):
        bulk.stop(bulk_id=found.pk, actor=mona, now=NOW)

    bulk.stop(bulk_id=found.pk, actor=ada, now=NOW)
    _run()
    stopped = _states()
    bulk.resume(bulk_id=found.pk, actor=ada, now=NOW)
    _run()

    assert (stopped, _states()) == (["waiting"], ["done"])
    assert list(_holders().values()) == ["mira"]


@pytest.mark.lesson(4)
def test_who_lost_the_right_meanwhile_does_nothing_more():
    CaseFactory()
    _started("mine")
    make_user("mira").groups.clear()

    _run()

    assert (Bulk.objects.get().state, _states()) == ("stopped", ["waiting"])
    assert list(_holders().values()) == [None]


def test_a_draft_too_old_is_refused_and_then_forgotten():
    CaseFactory()
    found = _frozen("mine")
    later = NOW + timedelta(hours=1)

    with pytest.raises(errors.FixAlreadyDecided, match="too long ago"):
        bulk.start(bulk_id=found.pk, given={}, actor=make_user("mira"), now=later)
    bulk.forget(now=later + timedelta(seconds=1))

    assert not Bulk.objects.exists()


def test_a_mapping_is_tried_on_every_return_it_touches_and_nothing_is_changed():
    world = make_world()
    for number in range(2):
        world.add_order(f"SO-{number}")
        item = make_unit(f"500{number}-1", sku="TEE-BLAK-M")
        world.add_return(f"500{number}", order_name=f"SO-{number}", items=[item])
    world.carry()
    mira, now = make_user("mira"), world.clock.now
    case = Case.objects.filter(type="SKU_UNKNOWN").first()
    fix = fixes.request(
        kind="sku_alias",
        bridge=world.bridge,
        actor=mira,
        now=now,
        payload={"sku": "TEE-BLK-M"},
        case=case,
        source_value="TEE-BLAK-M",
    )
    before = list(Case.objects.order_by("pk").values_list("pk", "status"))

    tried = bulk_freezing.freeze_history(fix=fix, days=30, actor=mira, now=now)
    bulk.start(bulk_id=tried.pk, given={}, actor=mira, now=now)
    _run(now)

    (row,) = bulk_selector.verdicts(tried)
    assert (row["verdict"], row["number"], row["sums"][0].amount) == ("healed", 2, Decimal("40.00"))
    texts = set(tried.rows.values_list("state", "text"))
    assert texts == {("done", "Healed: unknown SKU.")}
    assert list(Case.objects.order_by("pk").values_list("pk", "status")) == before
    with pytest.raises(errors.InvalidChoice, match="one of the times offered"):
        bulk_freezing.freeze_history(fix=fix, days=7, actor=mira, now=now)


def test_what_cannot_be_sent_again_is_told_before_it_is_asked_for():
    refused, blocked = (PostingFactory(status=status) for status in ("failed", "blocked"))
    for posting in (refused, blocked):
        CaseFactory(
            type="PERIOD_CLOSED",
            posting=posting,
            rma=posting.rma,
            bridge=posting.bridge,
            facts={"key": posting.key},
        )

    found = _frozen("retry", "finn")

    (told,) = found.forecast
    assert told["examples"] == [Case.objects.get(posting=blocked).pk]
    assert told["why"] == "Only a refused or doubtful document is sent again; this one is: blocked."


def test_an_act_that_only_newer_code_knows_waits_for_a_worker_that_does():
    Bulk.objects.create(
        kind="later",
        asked_by=make_user("ines"),
        frozen_at=NOW,
        expires_at=NOW,
        state="running",
        not_before=NOW,
    )

    assert bulk_running.run_next(now=NOW) is False

    assert Bulk.objects.values_list("state", "lease_until").get() == ("running", None)
