"""A gift without an item stops its return until one of three things is true, and only then."""

import pytest

from exceptions_app.models import Case, Posting
from exceptions_app.services import fixes
from tests.cast import make_user
from tests.world import make_item, make_order_line, make_unit, make_world

pytestmark = pytest.mark.django_db

GIFT = {"sku": "GIFT-BAG", "name": "Bag, free gift"}


def _with_a_gift(**item):
    world = make_world()
    free = make_order_line(
        line_id="2", sku="GIFT-BAG", quantity=1, unit_price="0.00", net="0.00", tax="0.00"
    )
    world.erp.load({"items": [make_item("GIFT-BAG", "Bag, free gift", **item)]} if item else {})
    world.add_order(lines=[make_order_line(), free])
    units = [make_unit("1"), make_unit("2", line_item_id="L2", paid_price="0.00", **GIFT)]
    world.add_return(items=units)
    world.carry()
    return world


def _mapped(world, sku):
    asked = fixes.request(
        kind="sku_alias",
        bridge=world.bridge,
        actor=make_user("mira"),
        now=world.clock.now,
        payload={"sku": sku},
        case=Case.objects.get(),
        source_value="GIFT-BAG",
    )
    assert (asked.status, asked.level) == ("requested", "peer")
    fixes.approve(
        fix_id=asked.pk,
        seen_hash=asked.payload_hash,
        actor=make_user("mona"),
        now=world.clock.now,
    )


def _created(world):
    world.erp.load({"items": [make_item("GIFT-BAG", "Bag, free gift")]})
    world.clock.advance(hours=2)


@pytest.mark.parametrize(
    ("act", "proof", "booked"),
    [
        pytest.param(
            _created,
            "All 2 SKUs lead to active items.",
            {"TEE-BLK-M", "GIFT-BAG"},
            id="item created",
        ),
        pytest.param(
            lambda world: _mapped(world, "MUG-RED"),
            "All 2 SKUs lead to active items.",
            {"TEE-BLK-M", "MUG-RED"},
            id="mapped to an item",
        ),
        pytest.param(
            lambda world: _mapped(world, "(no item)"),
            "Its SKU leads to an active item; GIFT-BAG is a gift without an item, as agreed:"
            " nothing is booked for it.",
            {"TEE-BLK-M"},
            id="agreed to be no item",
        ),
    ],
)
def test_each_way_of_the_playbook_closes_it_by_proof(act, proof, booked):
    world = _with_a_gift()
    assert (world.open_types(), world.documents()) == (["PROMO_SKU"], [])

    act(world)
    world.carry()
    world.clock.advance(minutes=10)
    world.settle()

    case = Case.objects.get(type="PROMO_SKU")
    assert (case.status, case.closure) == ("resolved", "proof")
    assert case.proof.startswith(proof)
    assert [row["doc_type"] for row in world.documents()] == ["RA", "RCV", "CM"]
    for row in Posting.objects.filter(status="confirmed"):
        assert {line["sku"] for line in row.draft["lines"]} == booked


def test_a_gift_whose_item_the_erp_has_is_no_exception():
    world = _with_a_gift(active=True)

    assert world.open_types() == []
    assert [row["doc_type"] for row in world.documents()] == ["RA", "RCV", "CM"]
