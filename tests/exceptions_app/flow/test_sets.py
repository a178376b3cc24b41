"""Several documents in one call: one attempt, one fence and one answer each (DESIGN 6, Cost)."""

from datetime import timedelta

import pytest

from connectors.errors import OutcomeUnknown, Rejected, RejectionCode, RetryLater
from exceptions_app.models import ConnectionHealth, Posting, PostingAttempt
from exceptions_app.services import faultpoints, flow
from tests.batches import speak_in_sets
from tests.faults.actors import Crash
from tests.world import make_world

pytestmark = pytest.mark.django_db

KEYS = [f"RA-uk-{number}-1" for number in (5001, 5002, 5003)]


@pytest.fixture
def world():
    """Three returns, each planned, with their authorisations due."""
    world = make_world()
    world.erp.set_switches({"unique_control_numbers": False})
    for number in (1, 2, 3):
        world.add_order(f"SO-{number}")
        world.add_return(f"500{number}", order_name=f"SO-{number}")
    world.poll()
    with world.connected():
        flow.ingest(clock=world.clock)
        flow.plan(clock=world.clock)
    for waited, key in enumerate(reversed(KEYS)):
        due_at = world.clock.now - timedelta(seconds=waited)
        Posting.objects.filter(key=key).update(not_before=due_at)
    return world


def send(world):
    with world.connected():
        return flow.post(clock=world.clock)


def states(kind="return_authorisation"):
    rows = Posting.objects.filter(kind=kind).order_by("key")
    return [(row.key, row.status) for row in rows]


def tries():
    rows = PostingAttempt.objects.filter(purpose="post").order_by("posting__key", "pk")
    return list(rows.values_list("posting__key", "outcome"))


def assert_each_booked_once(world):
    refs = [row["ref_num"] for row in world.documents()]
    assert sorted(refs) == sorted(set(refs))
    assert len(refs) == 9
    assert set(Posting.objects.values_list("status", flat=True)) == {"confirmed"}


def test_documents_of_one_kind_leave_in_one_call_each_with_its_own_try(world, monkeypatch):
    script = speak_in_sets(monkeypatch)

    assert send(world) == 1

    assert [sorted(keys) for keys in script.sets] == [KEYS]
    assert states() == [(key, "posted") for key in KEYS]
    assert tries() == [(key, "accepted") for key in KEYS]
    numbers = Posting.objects.filter(kind="return_authorisation").values_list("external_id")
    assert len(set(numbers)) == 3


def test_whole_returns_go_kind_by_kind_in_sets(world, monkeypatch):
    script = speak_in_sets(monkeypatch)

    world.settle()

    kinds = [sorted({key[:2] for key in keys}) for keys in script.sets]
    assert kinds == [["RA"], ["RC"], ["CM"]]
    assert_each_booked_once(world)


def test_a_set_is_never_larger_than_the_erp_takes(world, monkeypatch):
    script = speak_in_sets(monkeypatch, most=2)

    assert send(world) == 2

    assert [len(keys) for keys in script.sets] == [2]
    assert states() == [(key, "posted") for key in KEYS]


def test_an_erp_that_takes_one_is_sent_one(world, monkeypatch):
    script = speak_in_sets(monkeypatch, most=1)

    assert send(world) == 3

    assert script.sets == []
    assert states() == [(key, "posted") for key in KEYS]


def test_each_document_of_a_call_is_settled_by_its_own_answer(world, monkeypatch):
    script = speak_in_sets(monkeypatch)

    def mixed(answers):
        refused = Rejected("No such item", code=RejectionCode.UNKNOWN_ITEM, field="sku")
        return (refused, OutcomeUnknown("No answer for this one"), answers[2])

    script.after = mixed
    send(world)

    assert states() == list(zip(KEYS, ["failed", "unconfirmed", "posted"], strict=True))
    assert [outcome for _, outcome in tries()] == ["rejected", "unknown", "accepted"]
    assert ConnectionHealth.objects.get(connection=world.bridge.erp).failures == 0


def test_a_lost_reply_of_the_call_makes_each_unconfirmed_and_none_is_sent_again(world, monkeypatch):
    script = speak_in_sets(monkeypatch)

    def lost(answers):
        raise OutcomeUnknown("The reply never came")

    script.after = lost
    send(world)

    assert states() == [(key, "unconfirmed") for key in KEYS]
    assert ConnectionHealth.objects.get(connection=world.bridge.erp).failures == 1
    script.after = lambda answers: answers
    world.settle(seconds=60)
    assert [sorted(keys) for keys in script.sets[:1]] == [KEYS]
    assert all(key not in keys for keys in script.sets[1:] for key in KEYS)
    assert_each_booked_once(world)


def test_a_call_that_did_nothing_is_made_again_later(world, monkeypatch):
    script = speak_in_sets(monkeypatch)

    def busy(drafts):
        raise RetryLater("Too many requests", after_seconds=30, is_throttled=True)

    script.instead = busy
    send(world)

    assert states() == [(key, "ready") for key in KEYS]
    rows = Posting.objects.filter(kind="return_authorisation")
    assert set(rows.values_list("attempts", flat=True)) == {0}
    assert world.documents() == []
    script.instead = None
    world.clock.advance(seconds=31)
    world.settle()
    assert [sorted(keys) for keys in script.sets[:2]] == [KEYS, KEYS]
    assert_each_booked_once(world)


def test_an_answer_too_few_leaves_all_of_the_call_to_be_looked_up(world, monkeypatch):
    script = speak_in_sets(monkeypatch)
    script.after = lambda answers: answers[:2]

    send(world)

    assert states() == [(key, "unconfirmed") for key in KEYS]


@pytest.mark.parametrize("point", ["before_call", "after_call", "before_settle"])
def test_a_worker_killed_in_the_middle_of_a_set_loses_and_doubles_nothing(
    world, monkeypatch, point
):
    script = speak_in_sets(monkeypatch)
    deaths = []

    def die_once(name):
        if name == point and not deaths:
            deaths.append(name)
            raise Crash

    token = faultpoints.hook.set(die_once)
    try:
        with pytest.raises(Crash):
            send(world)
    finally:
        faultpoints.hook.reset(token)
    left = len(script.sets)
    world.clock.advance(seconds=400)
    world.settle(seconds=60)

    assert deaths == [point]
    assert left == (0 if point == "before_call" else 1)
    assert_each_booked_once(world)


def test_a_worker_that_slept_past_its_claims_sends_none_of_them(world, monkeypatch):
    script = speak_in_sets(monkeypatch)
    slept = []

    def sleep_once(name):
        if name == "after_claim" and not slept and len(claimed()) == 3:
            slept.append(name)
            world.clock.advance(seconds=400)
            world.settle(seconds=60)

    token = faultpoints.hook.set(sleep_once)
    try:
        send(world)
    finally:
        faultpoints.hook.reset(token)
    world.settle(seconds=60)

    assert slept == ["after_claim"]
    assert not [key for keys in script.sets for key in keys if key in KEYS]
    assert [outcome for _, outcome in tries()].count("superseded") == 3
    assert_each_booked_once(world)


def test_a_claim_lost_in_the_call_writes_nothing_and_its_neighbours_are_settled(world, monkeypatch):
    script = speak_in_sets(monkeypatch)

    def overtaken(answers):
        Posting.objects.filter(key=KEYS[1]).update(fence=99)
        return answers

    script.after = overtaken
    send(world)

    assert states() == list(zip(KEYS, ["posted", "sending", "posted"], strict=True))
    assert [outcome for _, outcome in tries()] == ["accepted", "superseded", "accepted"]


def test_one_whose_worker_died_before_travels_alone(world, monkeypatch):
    script = speak_in_sets(monkeypatch)
    Posting.objects.filter(key=KEYS[0]).update(crashes=1)

    send(world)

    assert [sorted(keys) for keys in script.sets] == [KEYS[1:]]
    assert states() == [(key, "posted") for key in KEYS]


def claimed():
    return Posting.objects.filter(status="sending")
