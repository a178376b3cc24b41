"""A worker that slept past its lease wakes up in the middle of a posting (reliability B.3, P12)."""

import pytest

from exceptions_app.models import Posting, PostingAttempt
from exceptions_app.services import faultpoints
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_a_worker_that_slept_after_its_claim_sends_nothing():
    world = make_world()
    # The ERP takes whatever comes: nothing but our own check stands in the way of a second one.
    world.erp.set_switches({"unique_control_numbers": False})
    world.add_order()
    world.add_return()
    slept = []

    def sleep_once(point: str) -> None:
        if point != "after_claim" or slept:
            return
        slept.append(point)
        world.clock.advance(minutes=5)
        world.run()
        world.clock.advance(minutes=5)
        world.settle()

    token = faultpoints.hook.set(sleep_once)
    try:
        world.carry()
    finally:
        faultpoints.hook.reset(token)

    assert [row["doc_type"] for row in world.documents()] == ["RA", "RCV", "CM"]
    first = Posting.objects.get(kind="return_authorisation")
    assert (first.status, first.external_id) == ("confirmed", str(world.documents()[0]["pkey"]))
    tries = PostingAttempt.objects.filter(posting=first, purpose="post")
    assert sorted(tries.values_list("outcome", flat=True)) == ["accepted", "superseded"]
