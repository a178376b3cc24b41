"""Goods go to quarantine first: to no warehouse that ships, and on by a document of their own."""

import pytest

from exceptions_app import errors
from exceptions_app.models import Mapping, Posting
from tests.world import add_mapping, make_world

pytestmark = pytest.mark.django_db


def test_a_mapping_to_a_warehouse_that_ships_is_refused_and_changes_nothing():
    world = make_world()
    world.bridge.policy |= {"first_bucket": "quarantine", "returns_warehouses": "WH2"}
    world.bridge.save(update_fields=["policy"])
    before = list(Mapping.objects.values_list("pk", "status"))

    with pytest.raises(errors.InvalidChoice, match="WH1 may ship to customers"):
        add_mapping(world, "location", "Leeds Hub", {"division": "10", "warehouse": "WH1"})

    assert list(Mapping.objects.values_list("pk", "status")) == before
    add_mapping(world, "location", "Leeds Hub", {"division": "10", "warehouse": "WH2"})
    assert Mapping.objects.filter(source_key="leeds hub", status="active").exists()


def test_goods_are_received_in_quarantine_and_moved_before_the_credit():
    world = make_world(policy={"first_bucket": "quarantine"})
    world.add_order()
    world.add_return()

    world.carry()

    rows = Posting.objects.exclude(status="cancelled").order_by("sequence")
    buckets = [(row.kind, row.status, row.draft["lines"][0]["bucket"]) for row in rows]
    assert buckets == [
        ("return_authorisation", "confirmed", ""),
        ("stock_receipt", "confirmed", "quarantine"),
        ("stock_move", "confirmed", "saleable"),
        ("credit_memo", "confirmed", ""),
    ]
    assert len(world.documents()) == 4
    assert world.open_types() == []
