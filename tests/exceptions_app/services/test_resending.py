"""Refused documents of many returns sent again in one act, and taken back in one."""

from datetime import timedelta

import pytest

from exceptions_app.models import AuditEntry, Bulk, Case, Fix, FixBatch, Posting
from exceptions_app.services import bulk, bulk_freezing, bulk_running, fix_batches
from tests.cast import make_user
from tests.factories import (
    NOW,
    CaseFactory,
    CauseGroupFactory,
    PostingFactory,
    RmaFactory,
)
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused():
    """Three credits that the ERP refused."""
    world = make_world()
    for number in range(3):
        world.add_order(f"SO-{number}")
        world.add_return(f"500{number}", order_name=f"SO-{number}")
    rule = {
        "kind": "status",
        "status": 422,
        "method": "POST",
        "path": "/api/.*",
        "content": "CM-",
        "body": '{"errors": [{"message": "Order is locked"}]}',
        "times": 3,
    }
    world.erp.faults.parse([rule])
    world.carry()
    world.erp.faults.parse([])
    return world, list(Case.objects.filter(type="CM_REJECTED").order_by("pk"))


def _resend(world, cases):
    return fix_batches.resend(
        rows=[(case.pk, case.version) for case in cases],
        actor=make_user("finn"),
        now=world.clock.now,
    )


def test_a_batch_of_resends_taken_back_reaches_no_books_and_each_is_refused_as_before(refused):
    world, cases = refused
    done = _resend(world, cases)
    world.run()
    held = set(Posting.objects.filter(kind="credit_memo").values_list("status", flat=True))

    count = fix_batches.take_back(
        batch_id=done.batch.pk, actor=make_user("finn"), now=world.clock.now
    )
    world.clock.advance(seconds=90)
    world.settle()

    assert (held, done.batch.count, count) == ({"held"}, 3, 3)
    assert world.documents("CM") == []
    assert set(Posting.objects.filter(kind="credit_memo").values_list("status", flat=True)) == {
        "failed"
    }
    assert world.open_types() == ["CM_REJECTED"] * 3


def test_left_alone_they_leave_together_and_a_changed_one_stays(refused):
    world, cases = refused
    rows = [(cases[0].pk, "0-0"), *((case.pk, case.version) for case in cases[1:])]

    done = fix_batches.resend(rows=rows, actor=make_user("finn"), now=world.clock.now)
    world.clock.advance(seconds=90)
    world.settle()

    assert [(row.state, row.why[:10]) for row in done.outcomes] == [
        ("refused", "It changed"),
        ("released", ""),
        ("released", ""),
    ]
    assert len(world.documents("CM")) == 2
    assert Fix.objects.filter(batch=done.batch, status="applied").count() == 2


def _in_bulk(world):
    """The same by an act on many, two rows at a time with a minute and a half between."""
    finn, now = make_user("finn"), world.clock.now
    asked = bulk_freezing.freeze(
        kind="retry", cases=Case.objects.filter(type="CM_REJECTED"), actor=finn, now=now
    )
    bulk.start(bulk_id=asked.pk, given={}, actor=finn, now=now)
    bulk_running.run_next(now=now)
    world.clock.advance(seconds=90)
    world.settle()
    return asked


def test_what_many_rows_send_again_can_be_taken_back_once_the_last_is_asked_for(
    refused, monkeypatch
):
    monkeypatch.setattr(bulk_running, "CHUNK", 2)
    world, _ = refused

    asked = _in_bulk(world)
    early = world.documents("CM")
    bulk_running.run_next(now=world.clock.now)
    ends = world.clock.now + timedelta(seconds=60)
    held = set(Posting.objects.filter(status="held").values_list("hold_reason", "hold_until"))
    world.clock.advance(seconds=59)
    world.settle()
    late = world.documents("CM")
    world.clock.advance(seconds=1)
    world.settle()

    assert (early, held, late) == ([], {("undo", ends)}, [])
    assert len(world.documents("CM")) == 3
    batch = FixBatch.objects.get()
    assert (batch.count, batch.hold_until, Bulk.objects.get(pk=asked.pk).given) == (3, ends, {})
    assert set(Fix.objects.values_list("batch", "status")) == {(batch.pk, "applied")}
    told = AuditEntry.objects.get(act="batch.release")
    assert told.text == "Let 3 changes go in one act; 0 were refused"


def test_stopped_what_was_asked_for_until_then_leaves_and_the_rest_is_a_batch_of_its_own(
    refused, monkeypatch
):
    monkeypatch.setattr(bulk_running, "CHUNK", 2)
    world, _ = refused
    asked = _in_bulk(world)

    bulk.stop(bulk_id=asked.pk, actor=make_user("finn"), now=world.clock.now)
    world.clock.advance(seconds=60)
    world.settle()
    left = len(world.documents("CM"))
    bulk.resume(bulk_id=asked.pk, actor=make_user("finn"), now=world.clock.now)
    bulk_running.run_next(now=world.clock.now)
    bulk.undo(bulk_id=asked.pk, actor=make_user("finn"), now=world.clock.now)
    bulk_running.run_next(now=world.clock.now)
    world.clock.advance(seconds=90)
    world.settle()

    assert (left, len(world.documents("CM"))) == (2, 2)
    assert sorted(FixBatch.objects.values_list("count", flat=True)) == [1, 2]
    assert world.open_types() == ["CM_REJECTED"]


def test_what_is_in_doubt_is_looked_for_when_the_act_that_asked_can_no_longer_be_taken_back():
    group = CauseGroupFactory(type="JOB_STUCK")
    rma = RmaFactory(bridge=group.bridge)
    posting = PostingFactory(
        rma=rma,
        bridge=group.bridge,
        connection=group.bridge.erp,
        status="unconfirmed",
        open_type="JOB_STUCK",
        parked_at=NOW,
        unknown_since=NOW,
    )
    CaseFactory(group=group, rma=rma, team="operations", posting=posting)
    ines = make_user("ines")
    frozen = bulk_freezing.freeze(kind="retry", cases=Case.objects.all(), actor=ines, now=NOW)
    bulk.start(bulk_id=frozen.pk, given={"note": ""}, actor=ines, now=NOW)

    while bulk_running.run_next(now=NOW):
        pass

    posting.refresh_from_db()
    until = NOW + timedelta(seconds=60)
    assert (Fix.objects.get().hold_until, posting.not_before) == (until, until)
