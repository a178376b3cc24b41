"""A reading overtaken by a newer one changes nothing (B.6), and the guard is what does it."""

import pytest

from exceptions_app.models import Rma
from exceptions_app.services import connections, rmas
from tests.faults.mutations import no_version_compare
from tests.world import make_world

pytestmark = pytest.mark.django_db


def _overtaken():
    """A worker reads, sleeps, and writes after another has read and written something newer."""
    world = make_world()
    world.add_order()
    world.add_return(status="Approved", refunded=None)
    with world.connected():
        source = connections.source(connection=world.bridge.source, reason="poll")
        older = source.rma("5001")
        world.clock.advance(minutes=1)
        world.platform.load({"changes": [{"rma_id": "5001", "status": "Validated"}]})
        newer = source.rma("5001")
    outcomes = [
        rmas.apply(bridge=world.bridge, reading=reading, now=world.clock.now).is_changed
        for reading in (newer, older)
    ]
    return outcomes, Rma.objects.get().status_raw


def test_an_overtaken_reading_changes_nothing():
    assert _overtaken() == ([True, False], "Validated")


def test_without_the_version_compare_it_would():
    with no_version_compare():
        assert _overtaken() == ([True, True], "Approved")
