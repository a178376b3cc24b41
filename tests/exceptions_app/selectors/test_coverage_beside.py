"""Values that stand beside a kind's own words are seen too: means of payment, places, reasons."""

from decimal import Decimal

import pytest

from exceptions_app.models import ErpReceipt
from exceptions_app.selectors import mapping_coverage
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_bridge():
    def make(**policy):
        return factories.BridgeFactory(policy=policy)

    return make


def counted(bridge, kind):
    """Seen and known values of a kind, and those nobody mapped with their returns."""
    (row,) = mapping_coverage.coverage([bridge])
    (found,) = [each for each in row.kinds if each.kind == kind]
    unknown = [(each.value, each.seen_in) for each in _unknowns(bridge, kind)]
    return found.seen, found.known, unknown


def _unknowns(bridge, kind):
    return mapping_coverage.unknowns(bridge=bridge, kind=kind)


def mapped(bridge, kind, value, target):
    factories.MappingFactory(
        bridge=bridge, kind=kind, source_value=value, source_key=value.casefold(), target=target
    )


def refunded(bridge, **values):
    rma = factories.RmaFactory(bridge=bridge)
    given = {"amount": Decimal("10.00"), "status": "confirmed", "processor": "", **values}
    factories.RefundFactory(bridge=bridge, rma=rma, **given)
    return rma


def card_and_gift():
    return [{"kind": "card", "amount": "6.00"}, {"kind": "gift_card", "amount": "4.00"}]


def test_means_of_payment_are_seen_where_refunds_are_recorded(make_bridge):
    bridge = make_bridge(record_refund=True)
    refunded(bridge, tenders=card_and_gift())
    refunded(bridge, tenders=[], processor="PayPal")
    refunded(bridge, tenders=[{"kind": "account", "amount": "10.00"}])
    refunded(bridge, tenders=card_and_gift(), status="pending")
    mapped(bridge, "fee", "tender:card", {"component": "refund", "erp_code": "8"})

    assert counted(bridge, "fee") == (3, 1, [("tender:gift_card", 1), ("tender:PayPal", 1)])


def test_parts_that_do_not_sum_are_told_by_the_processor(make_bridge):
    bridge = make_bridge(record_refund=True)
    refunded(bridge, tenders=[{"kind": "card", "amount": "1.00"}], processor="Adyen")

    assert counted(bridge, "fee") == (1, 0, [("tender:Adyen", 1)])


def test_a_bridge_that_records_no_refund_sees_no_means_of_payment(make_bridge):
    bridge = make_bridge(record_refund=False)
    refunded(bridge, tenders=card_and_gift())

    assert counted(bridge, "fee") == (0, 0, [])


def received(bridge, place, key=""):
    rma = factories.RmaFactory(bridge=bridge)
    lines = [{"sku": "A", "quantity": 1, "place": place, "line_id": "1"}]
    ErpReceipt.objects.create(
        connection=bridge.erp,
        external_id=f"{rma.pk}",
        key=key,
        rma=rma,
        lines=lines,
        received_at=factories.NOW,
        read_at=factories.NOW,
    )


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ("erp_receipt", (2, 1, [("place:default", 1)])),
        ("final_disposition", (0, 0, [])),
    ],
)
def test_places_of_the_erp_are_seen_where_its_staff_check_goods_in(make_bridge, trigger, expected):
    bridge = make_bridge(stock_trigger=trigger)
    received(bridge, "quarantine")
    received(bridge, "default")
    received(bridge, "ours", key="rb-1")
    received(bridge, "")
    mapped(bridge, "disposition", "place:quarantine", {"bucket": "quarantine"})

    assert counted(bridge, "disposition") == expected


@pytest.mark.parametrize(
    ("depot_by", "expected"), [("reason", (1, 1, [])), ("location", (0, 0, []))]
)
def test_a_reason_is_seen_among_the_locations_only_where_it_decides_the_depot(
    make_bridge, depot_by, expected
):
    bridge = make_bridge(depot_by=depot_by)
    rma = factories.RmaFactory(bridge=bridge)
    factories.RmaLineFactory(rma=rma, location="", disposition="", reason="Faulty")
    factories.RmaLineFactory(rma=rma, location="", disposition="", reason="Too small")
    mapped(bridge, "location", "reason:faulty", {"division": "", "warehouse": "REP"})

    assert counted(bridge, "location") == expected


def test_an_exception_of_a_means_of_payment_waits_among_the_charges(make_bridge):
    bridge = make_bridge(record_refund=True)
    rma = factories.RmaFactory(bridge=bridge)
    group = factories.CauseGroupFactory(bridge=bridge, type="TENDER_UNMAPPED")
    factories.CaseFactory(
        rma=rma,
        bridge=bridge,
        type="TENDER_UNMAPPED",
        group=group,
        facts={"source_value": "tender:klarna"},
    )

    (row,) = mapping_coverage.coverage([bridge])
    (fee,) = [each for each in row.kinds if each.kind == "fee"]
    (unknown,) = _unknowns(bridge, "fee")

    assert (fee.waiting_values, fee.waiting_returns) == (1, 1)
    assert (unknown.value, unknown.returns) == ("tender:klarna", 1)
