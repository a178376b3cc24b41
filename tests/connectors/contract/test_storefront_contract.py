"""What every shop must do for us, asked through the registry alone."""

import pytest

from connectors import errors, registry
from connectors.sandbox.shopify import ACCESS_TOKEN, API_SECRET, SHOP_DOMAIN
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.storefront import StockChange, StockTerminal
from connectors.types import ConnectionConfig
from tests.connectors.contract.stages import CountingPacer
from tests.connectors.shopify.shopify_cast import MARCH, make_order, make_twin

LEDGER = "gid://returnsbridge/RmaLine/1"
READS = {
    "places": lambda shop: shop.list_locations(),
    "orders": lambda shop: shop.find_orders(["#1051"]),
    "stock": lambda shop: shop.stock(["TEE-BLK-M"]),
    "eligibility": lambda shop: shop.eligibility(["TEE-BLK-M"]),
    "payouts": lambda shop: shop.payouts(since=MARCH),
}


@pytest.fixture
def twin():
    made = make_twin()
    level = {"location_id": 11, "quantities": {"available": 5, "quality_control": 2}}
    variant = {"id": 21, "sku": "TEE-BLK-M", "inventory_item_id": 31, "levels": [level]}
    made.load(
        {
            "orders": [make_order()],
            "products": [{"id": 1, "title": "Logo Tee", "variants": [variant]}],
            "payouts": [
                {"id": 4, "issued_at": "2026-03-04T00:00:00", "net": "5.00"},
                {"id": 3, "issued_at": "2026-03-02T00:00:00", "net": "1.00"},
            ],
        }
    )
    return made


@pytest.fixture
def pacer():
    return CountingPacer()


@pytest.fixture
def open_shop(twin, pacer):
    def open_(token=ACCESS_TOKEN, kind="shopify"):
        config = ConnectionConfig(
            kind=kind,
            base_url="http://127.0.0.1:8999/shop",
            settings={"shop_domain": SHOP_DOMAIN},
            secrets={"access_token": token, "api_secret": API_SECRET, "api_key": "k"},
        )
        return registry.open_storefront(config, pacer, WsgiTransport({"/shop": twin}))

    return open_


def test_a_shop_tells_its_places_orders_stock_and_payouts(open_shop):
    shop = open_shop()

    assert [place.name for place in shop.list_locations()] == ["London", "Leeds"]
    (order,) = shop.find_orders(["#1051", "#404"])
    assert order.number == "#1051"
    (level,) = shop.stock(["TEE-BLK-M", "NOBODY"])
    assert (level.sku, level.quantities["available"]) == ("TEE-BLK-M", 5)
    assert [row.sku for row in shop.eligibility(["TEE-BLK-M", "NOBODY"])] == ["TEE-BLK-M"]
    assert [row.external_id for row in shop.payouts(since=MARCH).rows] == ["3", "4"]


def test_what_is_announced_holds(open_shop, pacer):
    shop = open_shop()
    told = shop.storefront_capabilities

    shop.find_orders([f"#{number}" for number in range(told.max_orders_per_read)])
    shop.stock([f"SKU-{number}" for number in range(told.max_skus_per_read)])

    assert len(pacer.calls) == 2
    assert {"available", "quality_control"} <= set(told.stock_states)


def put(key, *, expected):
    target = StockTerminal("quality_control", expected=expected, ledger_uri=LEDGER)
    return StockChange(
        key=key,
        item_id="31",
        location_id="11",
        quantity=2,
        target=target,
        reason="received",
        reference_uri="gid://returnsbridge/Return/1",
    )


def test_a_change_of_stock_takes_effect_once_though_its_reply_was_lost(open_shop, twin):
    shop = open_shop()
    twin.faults.parse([{"kind": "drop_after"}])

    with pytest.raises(errors.OutcomeUnknown):
        shop.change_stock(put("k-1", expected=2))
    shop.change_stock(put("k-1", expected=2))

    (level,) = shop.stock(["TEE-BLK-M"])
    assert level.quantities["quality_control"] == 4


def test_a_change_from_another_quantity_is_refused_and_changes_nothing(open_shop):
    shop = open_shop()

    with pytest.raises(errors.Rejected) as refused:
        shop.change_stock(put("k-2", expected=9))

    (level,) = shop.stock(["TEE-BLK-M"])
    assert refused.value.code == errors.RejectionCode.QUANTITY
    assert level.quantities["quality_control"] == 2


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        pytest.param({"kind": "drop_before"}, errors.RetryLater, id="dropped"),
        pytest.param({"kind": "status", "status": 500}, errors.RetryLater, id="failed"),
        pytest.param({"kind": "garbage"}, errors.UnreadableReply, id="garbage"),
    ],
)
def test_a_read_that_fails_says_what_to_do_next_and_works_again(
    open_shop, twin, name, fault, outcome
):
    shop = open_shop()
    whole = READS[name](shop)
    twin.faults.parse([{**fault, "times": 1}])

    with pytest.raises(outcome) as failed:
        READS[name](shop)

    assert ACCESS_TOKEN not in f"{failed.value.text} {failed.value.evidence}"
    assert READS[name](shop) == whole


@pytest.mark.parametrize("name", READS)
def test_wrong_credentials_are_told_as_such(open_shop, name):
    with pytest.raises(errors.Misconfigured) as refused:
        READS[name](open_shop(token="shpat_wrong"))

    assert refused.value.is_credentials


@pytest.mark.parametrize("other", ["returngo", "bluecherry", "nothing"])
def test_what_is_no_shop_cannot_be_opened_as_one(open_shop, pacer, other):
    with pytest.raises(errors.Misconfigured):
        open_shop(kind=other)

    assert pacer.calls == []
