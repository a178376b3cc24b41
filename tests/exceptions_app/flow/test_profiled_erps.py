"""Returns from ReturnGO into ERPs that only a profile knows: Prima, and one that does not exist."""

from decimal import Decimal

import pytest

from connectors.sandbox.prima import PrimaTwin
from connectors.sandbox.returngo import ReturnGoTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from exceptions_app.models import CallCount, Case, Posting, Rma, Watermark
from exceptions_app.services import bridges, connections, polling
from tests.connectors.contract import stage_orrery
from tests.connectors.orrery.orrery_twin import KEY, OrreryTwin
from tests.world import (
    Clock,
    World,
    add_mapping,
    make_order,
    make_rma,
    make_unit,
    make_validation,
    reference_records,
)

pytestmark = pytest.mark.django_db


def make_world(erp_class, *, preset, currency="GBP", **connection):
    clock = Clock()
    platform, erp = ReturnGoTwin(now=clock), erp_class(now=clock)
    known = platform.credentials()
    common = {
        "actor": None,
        "now": clock.now,
        "mode": "sandbox",
        "refill_per_second": 1000,
        "capacity": 1000,
    }
    source = connections.save(
        code="returngo-test",
        name="ReturnGO",
        kind="returngo",
        base_url="http://127.0.0.1:1/returngo",
        settings_values={"shop_name": known["shop_name"], "overlap_seconds": "60"},
        secrets={"api_key": known["api_key"]},
        daily_limit=2000,
        **common,
    )
    target = connections.save(code="erp-test", name="The ERP", **connection, **common)
    bridge = bridges.create(
        code="uk",
        name="Alder UK",
        source=source,
        erp=target,
        preset=preset,
        currency=currency,
        timezone_name="Europe/London",
        policy={"note_to_platform": False, "undo_seconds": 60},
        actor=None,
        now=clock.now,
    )
    transport = WsgiTransport({"/returngo": platform, "/erp": erp})
    for feed in ("rmas", "refunds"):
        Watermark.objects.get_or_create(connection=source, feed=feed)
    return World(clock, platform, erp, transport, bridge)


def begin(world, warehouse):
    with world.connected():
        polling.refresh_reference(now=world.clock.now)
    add_mapping(world, "location", "Leeds DC", {"division": "", "warehouse": warehouse})
    add_mapping(world, "reason", "Does not fit", {"code": "FIT"})


@pytest.fixture
def prima():
    world = make_world(
        PrimaTwin,
        preset="prima+returngo",
        kind="prima",
        base_url="http://127.0.0.1:1/erp/wsa/wsa1",
        settings_values={},
        secrets={},
    )
    world.erp.load(reference_records())
    begin(world, "WH1")
    world.add_order()
    return world


def statuses():
    return [(row.kind, row.status) for row in Posting.objects.order_by("sequence")]


def test_a_plain_return_ends_with_three_documents_in_prima(prima):
    prima.add_return()

    prima.carry()

    assert list(Case.objects.values_list("type", "facts")) == []
    assert statuses() == [
        ("return_authorisation", "confirmed"),
        ("stock_receipt", "confirmed"),
        ("credit_memo", "confirmed"),
    ]
    made = prima.erp.documents()
    assert [(row["type"], row["units"]) for row in made] == [
        ("SimReturn", 1),
        ("SimGoodsIn", 1),
        ("SimCredit", 1),
    ]
    assert (made[2]["gross"], made[2]["data"]["vatinclusive"]) == (Decimal("20.00"), "Yes")
    assert made[2]["data"]["returnnumber"] == made[0]["number"]
    assert Rma.objects.get().money == "confirmed"
    writes = CallCount.objects.filter(connection=prima.bridge.erp, operation__startswith="create_")
    assert sum(row.count for row in writes) == 3


def test_a_credit_whose_answer_is_lost_is_found_and_not_made_twice(prima):
    prima.erp.faults.parse(
        [{"kind": "drop_after", "content": r"RequestType=\W*SimCredit", "times": 1}]
    )
    prima.add_return()

    prima.poll()
    # As long as Prima may need to show what it took.
    prima.settle(seconds=120)

    assert statuses()[-1] == ("credit_memo", "confirmed")
    assert [row["type"] for row in prima.erp.documents()].count("SimCredit") == 1


@pytest.mark.lesson(20)
def test_a_damaged_item_goes_in_and_is_not_put_on_sale(prima):
    unit = make_unit(
        "5001-1",
        validation=make_validation(is_restockable=False, non_restockable_reason="Damaged"),
    )
    add_mapping(prima, "disposition", "not_restockable/Damaged", {"bucket": "quarantine"})
    prima.platform.load({"rmas": [make_rma("5001", items=[unit])]})

    prima.carry()

    assert list(Case.objects.values_list("type", "facts")) == []
    assert [row["type"] for row in prima.erp.documents()].count("SimCredit") == 1
    assert {status for _, status in statuses()} == {"confirmed"}


@pytest.mark.parametrize(
    ("records", "changes", "cases"),
    [
        ({}, {"sku": "GHOST"}, ["SKU_UNKNOWN"]),
        ({"closed_periods": ["2026-05"]}, {}, ["PERIOD_CLOSED"]),
        ({"locations": [{"code": "WH1", "active": False}]}, {}, ["WAREHOUSE_UNMAPPED"]),
    ],
)
def test_what_prima_refuses_becomes_the_right_exception(prima, records, changes, cases):
    prima.erp.load(records)
    prima.platform.load({"rmas": [make_rma("5001", items=[make_unit("5001-1", **changes)])]})

    prima.carry()

    assert list(Case.objects.values_list("type", flat=True)) == cases
    assert "SimCredit" not in [row["type"] for row in prima.erp.documents()]


def test_an_erp_that_does_not_exist_is_carried_a_return_by_its_profile_alone():
    world = make_world(
        OrreryTwin,
        preset="bluecherry+returngo",
        kind="other",
        base_url="http://127.0.0.1:1/erp",
        settings_values={
            "profile_text": stage_orrery.PROFILE.read_text(encoding="utf-8"),
            "profile_values": "guild = Tailors",
        },
        secrets={"api_key": KEY},
    )
    order = make_order("SO-1")
    (line,) = order["lines"]
    world.erp.load(
        {
            "havens": [{"mark": "NORTH", "name": "North haven"}],
            "wares": [
                {"mark": line["sku"], "name": "T-shirt", "awake": "ja", "turned": "01.03.2026"}
            ],
            "errands": [
                {
                    "number": "SO-1",
                    "for": "WEB",
                    "coin": "GBP",
                    "haven": "NORTH",
                    "day": "01.05.2026",
                    "lines": [
                        {
                            "no": "a",
                            "ware": line["sku"],
                            "count": "2",
                            "each": "20.00",
                            "worth": line["net"],
                            "toll": line["tax"],
                            "toll_code": "S",
                        }
                    ],
                }
            ],
        }
    )
    begin(world, "NORTH")
    world.add_return()

    world.carry()

    assert list(Case.objects.values_list("type", "facts")) == []
    assert [(deed["Verb"], deed["Count"]) for deed in world.erp.documents()] == [
        ("Beckon", 1),
        ("Homecoming", 1),
        ("Amends", 1),
    ]
    assert world.erp.documents()[2]["Sum"] == "20.00"
    assert Rma.objects.get().money == "confirmed"
