"""What does not fit becomes the right exception, and nothing is sent that should not be."""

from decimal import Decimal

import pytest

from exceptions_app.models import Case, Posting
from tests.world import (
    add_mapping,
    make_order_line,
    make_refund,
    make_unit,
    make_validation,
    make_world,
)

pytestmark = pytest.mark.django_db


def _unit(**values):
    return [make_unit("5001-1", **values)]


@pytest.mark.parametrize(
    ("order", "values", "types", "documents"),
    [
        pytest.param({}, {"items": _unit(sku="TEE-BLAK-M")}, ["SKU_UNKNOWN"], [], id="unknown sku"),
        pytest.param(
            {"lines": [make_order_line(sku="OLD-HAT")]},
            {"items": _unit(sku="OLD-HAT")},
            ["SKU_INACTIVE"],
            [],
            id="inactive sku",
        ),
        pytest.param({}, {"items": _unit(reason="Moths")}, ["REASON_UNMAPPED"], [], id="reason"),
        pytest.param(
            {},
            {
                "items": _unit(
                    validation=make_validation(is_restockable=False, non_restockable_reason="Torn")
                )
            },
            ["DISPOSITION_UNMAPPED"],
            ["RA"],
            id="disposition",
        ),
        pytest.param({}, {"status": "OnHold"}, ["STATUS_UNMAPPED"], [], id="status"),
        pytest.param(
            {},
            {"items": _unit(validation=make_validation(store_location_id=None))},
            ["LOCATION_MISSING"],
            ["RA"],
            id="no location",
        ),
        pytest.param(
            {},
            {"items": _unit(validation=make_validation(store_location_id="Moon base"))},
            ["WAREHOUSE_UNMAPPED"],
            ["RA"],
            id="unmapped location",
        ),
        pytest.param(
            {"division": "20", "warehouse": "WH9"},
            {},
            ["DIVISION_MISMATCH"],
            ["RA"],
            id="division of the order",
        ),
        pytest.param({}, {"order_name": "SO-404"}, ["SO_LINK_MISSING"], None, id="no order"),
        pytest.param(
            {},
            {
                "items": [make_unit(f"5001-{n}") for n in (1, 2, 3)],
                "refunded": Decimal("60.00"),
            },
            ["OVER_RETURN"],
            None,
            id="more units than sold",
        ),
        pytest.param(
            {},
            {"items": _unit(paid_price="23.20"), "refunded": Decimal("23.20")},
            ["REFUND_OVER_LINE"],
            ["RA", "RCV"],
            id="refund above the line",
        ),
        pytest.param(
            {},
            {"refunded": Decimal("18.00")},
            ["REFUND_CM_MISMATCH"],
            ["RA", "RCV"],
            id="refund below the credit",
        ),
        pytest.param(
            {},
            {"items": _unit(return_fee="3.50"), "refunded": Decimal("16.50")},
            ["COMPONENT_MISSING"],
            None,
            id="fee not mapped",
        ),
        pytest.param({"customer": "VATIN"}, {}, ["VAT_SETTING"], ["RA", "RCV"], id="vat setting"),
    ],
)
def test_what_does_not_fit_is_the_right_exception(order, values, types, documents):
    world = make_world()
    world.add_order(**order)
    world.add_return(**values)

    world.carry()

    assert world.open_types() == types
    if documents is not None:
        assert [row["doc_type"] for row in world.documents()] == documents
    assert not world.documents("CM")


@pytest.mark.parametrize(
    ("disposition", "bucket", "kinds"),
    [
        ("Damaged", "damaged", ["return_authorisation", "stock_receipt", "write_off"]),
        ("Repair", "repair", ["return_authorisation", "stock_receipt", "stock_move"]),
    ],
)
def test_a_disposition_decides_the_bucket_and_the_movements(disposition, bucket, kinds):
    world = make_world()
    add_mapping(world, "disposition", f"not_restockable/{disposition}", {"bucket": bucket})
    validation = make_validation(is_restockable=False, non_restockable_reason=disposition)
    world.add_order()
    world.add_return(items=_unit(validation=validation))

    world.carry()

    rows = Posting.objects.order_by("sequence")
    assert [row.kind for row in rows] == [*kinds, "credit_memo"]
    assert {row.status for row in rows} == {"confirmed"}
    receipt = Posting.objects.get(kind="stock_receipt")
    assert [line["bucket"] for line in receipt.draft["lines"]] == [bucket]


def test_no_stock_moves_before_the_disposition_is_final():
    world = make_world()
    world.add_order()
    world.add_return(items=_unit(validation=None), status="Received", refunded=None)

    world.carry()

    assert [row["doc_type"] for row in world.documents()] == ["RA"]
    assert world.open_types() == []


def test_a_credit_waits_for_the_confirmed_refund():
    world = make_world()
    world.add_order()
    units = _unit()
    asked = make_refund("5001", units, Decimal("20.00"), status="Requested")
    world.add_return(items=units, transactions=[asked])

    world.carry()
    before = [row["doc_type"] for row in world.documents()]
    world.clock.advance(minutes=1)
    done = {**asked, "status": "Success", "updated_at": "2026-05-20T09:05:00"}
    world.platform.load({"changes": [{"rma_id": "5001", "transactions": [done]}]})
    world.carry()

    assert before == ["RA", "RCV"]
    assert [row["doc_type"] for row in world.documents()] == ["RA", "RCV", "CM"]


def test_a_closed_period_is_refused_by_the_erp_and_named():
    world = make_world()
    world.erp.load({"closed_periods": ["2026-05"]})
    world.add_order()
    world.add_return()

    world.carry()

    assert "PERIOD_CLOSED" in world.open_types()
    failed = Posting.objects.get(status="failed")
    assert failed.open_facts["period"] == "2026-05"


def test_a_period_known_as_closed_is_caught_before_the_erp_is_asked():
    world = make_world()
    world.bridge.closed_periods = ["2026-05"]
    world.bridge.save()
    world.add_order()
    world.add_return()

    world.carry()

    assert world.open_types() == ["PERIOD_CLOSED"]
    assert not world.documents("CM")


@pytest.mark.lesson(15)
def test_the_same_reading_twice_changes_nothing():
    world = make_world()
    world.add_order()
    world.add_return()
    world.carry()
    before = (Posting.objects.count(), Case.objects.count(), len(world.documents()))

    world.clock.advance(minutes=20)
    world.carry()

    assert (Posting.objects.count(), Case.objects.count(), len(world.documents())) == before


def test_a_refund_that_never_gets_its_credit_becomes_a_case_after_the_grace_time():
    world = make_world()
    world.add_order()
    world.add_return()
    world.erp.faults.set([])
    world.erp.set_switches({"staging_seconds": 10**9})

    world.poll()
    for _ in range(6):
        world.run()
        world.clock.advance(hours=8)
    world.run()

    assert "REFUND_NO_CM" in world.open_types()
