"""A few items of our copy are asked for live: what a feed of changes leaves out (R007, R046)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app.errors import ConnectionUnusable
from exceptions_app.models import CallCount, Case, Connection, Item, ItemCheck
from exceptions_app.selectors import item_feeds
from exceptions_app.selectors.sums import Amount
from exceptions_app.services import item_checks, operations, polling, watching
from tests import factories
from tests.cast import make_user
from tests.world import make_item, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """Its item master changed last an hour after it was first read: nothing older comes again."""
    world = make_world()
    world.clock.advance(hours=1)
    world.erp.load({"items": [make_item("CAP-TAN", "Cap tan")]})
    with world.connected():
        polling.refresh_reference(now=world.clock.now)
    return world


def refresh(world, **later):
    world.clock.advance(**later)
    with world.connected():
        polling.refresh_reference(now=world.clock.now)


def asked(world):
    """The calls booked for comparing items, all operations together."""
    rows = CallCount.objects.filter(connection=world.bridge.erp, reason=item_checks.REASON)
    return sum(rows.values_list("count", flat=True))


def on_return(world, sku="TEE-BLK-M", **values):
    values = {"money": "none", "approval": "authorised", **values}
    rma = factories.RmaFactory(bridge=world.bridge, **values)
    factories.RmaLineFactory(rma=rma, sku=sku, quantity=2, unit_price=Decimal("12.50"))
    return rma


def stale():
    return Case.objects.get(type="ELIGIBILITY_STALE")


def test_what_was_just_read_from_its_beginning_is_not_asked_for_again(world):
    assert (asked(world), ItemCheck.objects.count()) == (0, 0)


def test_some_items_are_compared_four_times_a_day_and_each_costs_a_counted_call(world):
    for _ in range(4):
        refresh(world, hours=1)
    assert asked(world) == 0

    refresh(world, hours=1)

    assert asked(world) == 5
    assert list(ItemCheck.objects.values_list("is_found", "differs")) == [(True, False)] * 5
    refresh(world, hours=1)
    assert asked(world) == 5
    (feed,) = item_feeds.feeds(now=world.clock.now)
    assert (feed.compared, feed.missing, feed.differing) == (5, 0, ())
    assert feed.compared_at == world.clock.now - timedelta(hours=1)


def test_items_are_compared_only_when_they_were_just_read(world):
    refresh(world, hours=7)
    first = asked(world)

    world.clock.advance(hours=6, minutes=30)
    with world.connected():
        polling.refresh_reference(now=world.clock.now)
        world.clock.advance(minutes=1)
        assert item_checks.look(connection=world.bridge.erp, now=world.clock.now) == 0

    assert (first, asked(world)) == (5, 10)


@pytest.mark.parametrize(("given", "made"), [("0", 0), ("2", 2), ("nonsense", 5)])
def test_a_look_makes_no_more_calls_than_the_connection_allows(world, given, made):
    erp = Connection.objects.get(pk=world.bridge.erp_id)
    erp.settings = {**erp.settings, "item_check_calls": given}
    erp.save()

    refresh(world, hours=7)

    assert (asked(world), ItemCheck.objects.count()) == (made, made)


def test_items_of_open_returns_come_first_and_the_others_in_turn(world):
    erp = Connection.objects.get(pk=world.bridge.erp_id)
    erp.settings = {**erp.settings, "item_check_calls": "2"}
    erp.save()
    on_return(world, "TEE-BLK-L")
    on_return(world, "MUG-RED", money="confirmed")

    seen = []
    for _ in range(3):
        refresh(world, hours=6)
        rows = ItemCheck.objects.filter(checked_at=world.clock.now)
        seen.append(set(rows.values_list("item__sku", flat=True)))

    assert all(len(skus) == 2 for skus in seen)
    assert "TEE-BLK-L" in seen[0]
    assert set().union(*seen) == {"TEE-BLK-M", "TEE-BLK-L", "MUG-RED", "OLD-HAT", "CAP-TAN"}


def test_a_difference_is_an_exception_with_its_money_until_the_feed_agrees(world):
    on_return(world)
    on_return(world, money="confirmed")
    Item.objects.filter(sku="TEE-BLK-M").update(is_returnable=False)

    refresh(world, hours=7)
    watching.look(now=world.clock.now)

    case = stale()
    assert case.title == "The items of BlueCherry are out of date: 1 item differs"
    assert case.facts["reason"] == "asked for live, TEE-BLK-M may be returned there"
    assert (case.value, case.currency) == (Decimal("25.00"), "GBP")
    assert case.value_formula == "paid for 2 units on open returns"
    assert Item.objects.get(sku="TEE-BLK-M").is_returnable is False
    (feed,) = item_feeds.feeds(now=world.clock.now)
    assert [row.words for row in feed.differing] == ["TEE-BLK-M may be returned there"]
    assert (feed.exposed.returns, feed.exposed.units) == (1, 2)
    assert feed.exposed.values == (Amount(Decimal("25.00"), "GBP"),)

    # The list of changes still does not name it: reading the changes alone mends nothing.
    refresh(world, hours=2)
    watching.look(now=world.clock.now)
    assert stale().status != "resolved"

    operations.read_all_items(
        connection_id=world.bridge.erp_id, actor=make_user("ivan"), now=world.clock.now
    )
    refresh(world, minutes=1)
    watching.look(now=world.clock.now)

    case.refresh_from_db()
    assert (case.status, case.closure) == ("resolved", "proof")
    assert Item.objects.get(sku="TEE-BLK-M").is_returnable is True


def test_reading_all_items_anew_compares_at_once_those_that_differed(world):
    Item.objects.filter(sku="TEE-BLK-M").update(is_active=False)
    refresh(world, hours=7)
    watching.look(now=world.clock.now)
    case = stale()
    # Switched off there too since it was compared: only asking again shows that both agree now.
    world.erp.load({"items": [make_item("TEE-BLK-M", "T-shirt black M", active=False)]})

    operations.read_all_items(
        connection_id=world.bridge.erp_id, actor=make_user("ivan"), now=world.clock.now
    )
    refresh(world, minutes=1)
    watching.look(now=world.clock.now)

    case.refresh_from_db()
    assert (case.status, case.closure) == ("resolved", "proof")
    check = ItemCheck.objects.get(item__sku="TEE-BLK-M")
    assert (check.checked_at, check.differs) == (world.clock.now, False)


def test_a_difference_ends_as_well_when_the_erp_comes_back_to_what_the_copy_says(world):
    Item.objects.filter(sku="TEE-BLK-M").update(is_active=False)
    refresh(world, hours=7)
    watching.look(now=world.clock.now)
    assert stale().facts["reason"] == "asked for live, TEE-BLK-M is in use there"

    Item.objects.filter(sku="TEE-BLK-M").update(is_active=True)
    refresh(world, hours=7)
    watching.look(now=world.clock.now)

    assert stale().status == "resolved"
    assert not ItemCheck.objects.filter(differs=True).exists()


def test_an_item_that_the_erp_does_not_have_is_counted_and_says_nothing_of_flags(world):
    factories.ItemFactory(connection=world.bridge.erp, erp_id="0", sku="GONE", sku_key="gone")

    refresh(world, hours=7)
    watching.look(now=world.clock.now)

    (feed,) = item_feeds.feeds(now=world.clock.now)
    assert (feed.compared, feed.missing, feed.differing) == (5, 1, ())
    assert not Case.objects.exists()


def test_units_that_returns_know_by_an_alias_or_a_barcode_are_at_stake_too(world):
    item = Item.objects.get(sku="TEE-BLK-M")
    factories.MappingFactory(
        bridge=world.bridge, kind="sku_alias", source_value="OLD-TEE", target={"sku": item.sku}
    )
    on_return(world, "OLD-TEE")
    on_return(world, item.barcode)
    on_return(world, "TEE-BLK-L")
    ItemCheck.objects.create(
        connection=world.bridge.erp,
        item=item,
        checked_at=world.clock.now,
        is_found=True,
        is_active=False,
        is_returnable=True,
        differs=True,
    )

    (feed,) = item_feeds.feeds(now=world.clock.now)

    assert (feed.exposed.returns, feed.exposed.units) == (2, 4)
    assert feed.exposed.values == (Amount(Decimal("50.00"), "GBP"),)


def test_reading_all_items_anew_is_not_arranged_for_what_has_none(world):
    source = world.bridge.source
    ivan = make_user("ivan")

    with pytest.raises(ConnectionUnusable, match="is no ERP"):
        operations.read_all_items(connection_id=source.pk, actor=ivan, now=world.clock.now)

    assert not source.watermarks.filter(feed="items").exists()
