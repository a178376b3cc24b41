"""Two workers at the same posting at the same moment: the document leaves once."""

import threading

import pytest
from django.db import connection as database

from exceptions_app.models import Posting, Rma
from exceptions_app.services import claims, connections, faultpoints, flow, planning, rmas
from tests.world import make_rma, make_unit, make_world

TWO_UNITS = make_rma(
    "5001",
    items=[make_unit("5001-1"), make_unit("5001-2")],
    refunded=40,
    updated_at="2026-05-20T08:30:00",
)


@pytest.fixture
def world():
    world = make_world()
    world.add_order()
    world.add_return()
    world.poll()
    with world.connected():
        flow.ingest(clock=world.clock)
        flow.plan(clock=world.clock)
    return world


def hear_of_second_unit(world):
    world.platform.load({"rmas": [TWO_UNITS]})
    with world.connected():
        reading = connections.source(connection=world.bridge.source, reason="poll").rma("5001")
    rmas.apply(bridge=world.bridge, reading=reading, now=world.clock.advance(seconds=5))


def elsewhere(act):
    """Run `act` as another worker would, on a connection of its own."""

    def run():
        try:
            act()
        finally:
            database.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_posting_being_replanned_cannot_be_claimed(world):
    hear_of_second_unit(world)
    claimed = []

    def claim_before_first_change(execute, sql, params, many, context):
        if not claimed and sql.startswith('UPDATE "exceptions_app_posting"'):
            claimed.append(None)
            elsewhere(lambda: claimed.append(claims.claim(now=world.clock.now)))
        return execute(sql, params, many, context)

    with database.execute_wrapper(claim_before_first_change):
        planning.plan(rma_id=Rma.objects.get().pk, now=world.clock.now)

    assert claimed == [None, None]
    alive = Posting.objects.filter(kind="return_authorisation").exclude(status="cancelled")
    assert [(row.key, row.status, row.units) for row in alive] == [("RA-uk-5001-2", "ready", 2)]


@pytest.mark.django_db(transaction=True)
def test_a_plan_leaves_a_return_alone_whose_posting_is_being_claimed(world):
    hear_of_second_unit(world)
    plans = []

    def plan_during_claim(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql == claims.CLAIM:
            rma_id = Rma.objects.get().pk
            elsewhere(
                lambda: plans.append(planning.plan(rma_id=rma_id, now=world.clock.now).postings)
            )
        return result

    with database.execute_wrapper(plan_during_claim):
        claimed = claims.claim(now=world.clock.now)

    assert plans == [()]
    assert claimed.key == "RA-uk-5001-1"
    assert Posting.objects.get(key="RA-uk-5001-1").status == "sending"
    assert Posting.objects.count() == 3
    assert Rma.objects.get().plan_due_at == world.clock.now + planning.BUSY_FOR


@pytest.mark.django_db
def test_the_settle_window_counts_from_the_lost_reply_and_not_from_the_claim(world):
    world.erp.set_switches({"unique_control_numbers": False})
    world.erp.faults.parse([{"kind": "late_commit", "method": "POST", "seconds": 120}])
    claimed_at = world.clock.now

    def sleep_before_call(name):
        if name == "before_call" and world.clock.now == claimed_at:
            world.clock.advance(seconds=80)

    token = faultpoints.hook.set(sleep_before_call)
    try:
        with world.connected():
            flow.post(clock=world.clock)
    finally:
        faultpoints.hook.reset(token)
    assert (Posting.objects.get(sequence=10).unknown_since - claimed_at).total_seconds() == 80
    for _ in range(40):
        world.run()
        world.clock.advance(seconds=10)

    assert [row["doc_type"] for row in world.documents()] == ["RA", "RCV", "CM"]
