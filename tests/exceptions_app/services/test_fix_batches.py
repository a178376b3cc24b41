"""Approvals in one act wait one undo time together and are taken back together."""

from datetime import timedelta

import pytest

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, Fix, FixBatch, Posting
from exceptions_app.services import fix_batches, fixes
from tests.cast import make_user
from tests.world import make_unit, make_world

pytestmark = pytest.mark.django_db


def _waiting(count):
    """`count` returns, each with an unknown SKU of its own, and a request of Mira's for each."""
    world = make_world()
    for number in range(count):
        world.add_order(f"SO-{number}")
        world.add_return(
            f"500{number}",
            order_name=f"SO-{number}",
            items=[make_unit(f"500{number}-1", sku=f"TEE-BLAK-{number}")],
        )
    world.carry()
    asked = [
        fixes.request(
            kind="sku_alias",
            bridge=world.bridge,
            actor=make_user("mira"),
            now=world.clock.now,
            payload={"sku": "TEE-BLK-M"},
            case=case,
            source_value=case.facts["sku"],
        )
        for case in Case.objects.filter(type="SKU_UNKNOWN").order_by("pk")
    ]
    return world, asked


def _seen(asked):
    return [(fix.pk, fix.payload_hash) for fix in asked]


def test_a_batch_taken_back_within_the_window_never_reaches_the_books():
    world, asked = _waiting(3)
    done = fix_batches.approve(asked=_seen(asked), actor=make_user("mona"), now=world.clock.now)
    world.run()
    held = set(Posting.objects.exclude(status="cancelled").values_list("status", "hold_reason"))
    world.clock.advance(seconds=50)

    count = fix_batches.take_back(
        batch_id=done.batch.pk, actor=make_user("mona"), now=world.clock.now
    )
    world.clock.advance(seconds=60)
    world.settle()

    assert (held, count) == ({("held", "undo")}, 3)
    assert world.documents() == []
    assert set(Fix.objects.values_list("status", flat=True)) == {"undone"}
    assert world.open_types() == ["SKU_UNKNOWN"] * 3
    acts = AuditEntry.objects.filter(subject_kind="fixbatch").order_by("id")
    assert list(acts.values_list("act", "text")) == [
        ("batch.release", "Let 3 changes go in one act; 0 were refused"),
        ("batch.undo", "Took back 3 of 3 before anything left"),
    ]


def test_after_the_window_the_batch_has_left_and_is_not_taken_back():
    world, asked = _waiting(2)
    done = fix_batches.approve(asked=_seen(asked), actor=make_user("mona"), now=world.clock.now)
    world.clock.advance(seconds=61)
    world.settle()

    with pytest.raises(errors.FixAlreadyDecided, match="is over"):
        fix_batches.take_back(batch_id=done.batch.pk, actor=make_user("mona"), now=world.clock.now)

    assert len(world.documents("CM")) == 2
    assert set(Fix.objects.values_list("status", flat=True)) == {"applied"}


@pytest.mark.lesson(4)
def test_each_row_is_judged_as_the_single_act_and_refusals_stop_no_other():
    world, asked = _waiting(3)
    actor, now = make_user("mona"), world.clock.now
    fixes.reject(fix_id=asked[0].pk, actor=actor, now=now, note="No")
    seen = [*_seen(asked[:2]), (asked[2].pk, "0" * 64)]

    done = fix_batches.approve(asked=seen, actor=actor, now=now)

    assert [(row.state, row.why[:12]) for row in done.outcomes] == [
        ("refused", "Mona was fas"),
        ("released", ""),
        ("refused", "The request "),
    ]
    assert (done.batch.count, len(done.batch.refused)) == (1, 2)
    statuses = dict(Fix.objects.values_list("pk", "status"))
    assert [statuses[fix.pk] for fix in asked] == ["rejected", "held", "requested"]


def test_own_requests_make_no_batch():
    world, asked = _waiting(1)

    done = fix_batches.approve(asked=_seen(asked), actor=make_user("mira"), now=world.clock.now)

    assert (done.batch, done.outcomes[0].why) == (
        None,
        "Whoever asked for a change cannot approve it.",
    )
    assert not FixBatch.objects.exists()
    assert Fix.objects.get().status == "requested"


def test_of_two_who_take_a_batch_back_the_second_is_told():
    world, asked = _waiting(1)
    now = world.clock.now
    batch = fix_batches.approve(asked=_seen(asked), actor=make_user("mona"), now=now).batch
    fix_batches.take_back(batch_id=batch.pk, actor=make_user("mona"), now=now)

    with pytest.raises(errors.FixAlreadyDecided, match="Mona was faster"):
        fix_batches.take_back(
            batch_id=batch.pk, actor=make_user("wanda"), now=now + timedelta(seconds=1)
        )

    assert AuditEntry.objects.filter(act="batch.undo").count() == 1


def test_what_took_long_to_let_go_is_held_that_much_longer(monkeypatch):
    world, asked = _waiting(1)
    ticks = iter((0.0, 7.5))
    monkeypatch.setattr(fix_batches, "monotonic", lambda: next(ticks))

    batch = fix_batches.approve(
        asked=_seen(asked), actor=make_user("mona"), now=world.clock.now
    ).batch

    assert batch.hold_until == world.clock.now + timedelta(seconds=67)
    assert Fix.objects.get().hold_until == batch.hold_until
