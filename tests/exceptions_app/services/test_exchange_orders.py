"""Exchange orders are kept as the platform tells them, and found by their number."""

import pytest

from exceptions_app.models import ExchangeOrder, Rma
from exceptions_app.selectors import find
from tests.world import make_world

pytestmark = pytest.mark.django_db


def told():
    return list(ExchangeOrder.objects.values_list("rma__external_id", "number", "order_id"))


def test_an_exchange_order_is_kept_found_and_follows_the_platform():
    world = make_world()
    world.add_return("5001", exchange_orders=[{"draft_order_id": "D1", "type": "exchange"}])
    world.poll()
    world.run()
    assert told() == [("5001", "", "")]
    assert Rma.objects.get().exchange == "pending"

    world.clock.advance(minutes=10)
    released = {"draft_order_id": "D1", "order_id": "77", "order_name": "EO-9", "type": "exchange"}
    world.platform.load({"changes": [{"rma_id": "5001", "exchange_orders": [released]}]})
    world.poll()
    world.run()

    assert told() == [("5001", "EO-9", "77")]
    (match,) = find.find(text="eo-9", is_personal_shown=False, limit=3).matches
    assert (match.kind, match.rma_id) == ("exchange", Rma.objects.get().pk)
