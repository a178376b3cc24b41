"""The warehouse's figures: exact on rows made for them, and as cheap for many as for few."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from exceptions_app.selectors import scanning, unreceipted, warehouse
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def bridge():
    return factories.BridgeFactory()


def make_rma(bridge, **values):
    return factories.RmaFactory(bridge=bridge, **values)


def make_receipt(bridge, *, hours=2, place="10/WH1", confirmed_at=NOW, units=1, **values):
    """A receipt confirmed `hours` after its parcel arrived, planned an hour before."""
    rma = make_rma(bridge, received_at=confirmed_at - timedelta(hours=hours))
    return factories.PostingFactory(
        rma=rma,
        kind="stock_receipt",
        slot=f"stock_receipt:{place}",
        units=units,
        gross=Decimal(0),
        number=f"RCV-{rma.external_id}",
        created_at=confirmed_at - timedelta(hours=1),
        confirmed_at=confirmed_at,
        **values,
    )


def make_open(bridge, *, status, place="10/WH1", units=1, **values):
    return factories.PostingFactory(
        rma=make_rma(bridge),
        kind="stock_receipt",
        slot=f"stock_receipt:{place}",
        units=units,
        status=status,
        **values,
    )


# --- To grade --------------------------------------------------------------------------------


def test_only_what_arrived_and_is_alive_waits_for_a_grade_oldest_first(bridge):
    newer = make_rma(bridge, inspection="not_inspected")
    older = make_rma(bridge, inspection="partly", received_at=NOW - timedelta(days=5))
    make_rma(bridge, inspection="not_inspected", logistics="in_transit", received_at=None)
    make_rma(bridge, inspection="not_inspected", approval="cancelled")
    make_rma(bridge, inspection="inspected")

    rows = warehouse.to_grade().order_by(*warehouse.GRADE_ORDER)

    assert list(rows) == [older, newer]


def test_a_row_names_the_units_without_a_grade_only(bridge):
    rma = make_rma(bridge, inspection="partly")
    factories.RmaLineFactory(rma=rma, inspection="passed", sku="TEE")
    factories.RmaLineFactory(rma=rma, inspection="not_inspected", sku="MUG", quantity=2)

    (row,) = warehouse.graded_rows([rma])

    assert (row.units, row.items) == (2, ("2 × MUG",))


# --- The board -------------------------------------------------------------------------------


def test_the_board_counts_units_by_where_they_are(bridge):
    make_rma(bridge, inspection="not_inspected", logistics="expected")
    make_rma(bridge, inspection="not_inspected", logistics="in_transit")
    oldest = NOW - timedelta(days=4)
    make_rma(bridge, inspection="not_inspected", received_at=oldest)
    make_open(bridge, status="planned", units=2)
    make_open(bridge, status="blocked", units=3)
    make_open(bridge, status="failed", units=4)
    make_receipt(bridge, units=5)
    make_receipt(bridge, units=6, confirmed_at=NOW - timedelta(hours=25))
    factories.CaseFactory(group__type="LOCATION_MISSING", team="warehouse", facts={"units": "7"})

    board = warehouse.board(now=NOW)

    assert board == warehouse.Board(
        expected=2,
        to_grade=1,
        oldest_at=oldest,
        unbooked_units=2 + 3 + 4 + 7,
        without_place_units=7,
        stuck_units=3 + 4 + 7,
        confirmed_units=5,
    )


def test_a_mismatched_place_counts_no_unit_twice_and_odd_facts_count_none(bridge):
    for kind, units in (
        ("DIVISION_MISMATCH", "9"),
        ("WAREHOUSE_UNMAPPED", "many"),
        ("WAREHOUSE_UNMAPPED", "2"),
    ):
        factories.CaseFactory(group__type=kind, team="warehouse", facts={"units": units})

    assert warehouse.board(now=NOW).without_place_units == 2


def test_units_whose_grade_or_status_is_not_mapped_are_on_no_receipt_once(bridge):
    rma = make_rma(bridge)
    place = factories.CaseFactory(
        rma=rma, group__type="LOCATION_MISSING", subject_part="line:1", facts={"units": "2"}
    )
    grade = factories.CaseFactory(
        rma=rma, group__type="DISPOSITION_UNMAPPED", subject_part="line:1", facts={"units": "2"}
    )
    other = factories.CaseFactory(
        rma=rma, group__type="DISPOSITION_UNMAPPED", subject_part="line:2", facts={"units": "3"}
    )
    status = factories.CaseFactory(group__type="STATUS_UNMAPPED", facts={"units": "4"})
    factories.CaseFactory(group__type="STATUS_UNMAPPED", facts={})

    assert set(unreceipted.cases()) == {place, grade, other, status}
    assert warehouse.board(now=NOW).without_place_units == 2 + 3 + 4
    assert unreceipted.units() == (9, 0)


# --- Not booked yet --------------------------------------------------------------------------


def test_open_receipts_are_narrowed_by_state_place_and_bridge(bridge):
    planned = make_open(bridge, status="planned")
    held = make_open(bridge, status="held", hold_reason="window", place="20/WH9")
    failed = make_open(bridge, status="failed", place="10/WH1#2")
    other = make_open(factories.BridgeFactory(), status="unconfirmed")
    factories.PostingFactory(rma=make_rma(bridge), status="planned")
    make_receipt(bridge)

    assert set(warehouse.receipts()) == {planned, held, failed, other}
    assert set(warehouse.receipts(state="waiting")) == {planned, held}
    assert set(warehouse.receipts(place="10/WH1", bridge=bridge.code)) == {planned, failed}
    assert not warehouse.receipts(state="nonsense")
    assert not warehouse.receipts(bridge="nobody")


# --- How long it took ------------------------------------------------------------------------


def test_latency_is_computed_by_place_with_all_places_last(bridge):
    factories.ErpLocationFactory(connection=bridge.erp, division="10", code="WH1", name="Leeds")
    for hours in (2, 4, 12):
        make_receipt(bridge, hours=hours, units=2)
    make_receipt(bridge, hours=20, place="20/WH9#2")

    rows = warehouse.confirmed(since=NOW - timedelta(days=7), until=NOW)
    hull, leeds, whole = warehouse.latency(rows)

    assert (hull.place, hull.name, hull.median) == ("20/WH9", "", timedelta(hours=20))
    assert (leeds.place, leeds.name, leeds.receipts, leeds.units) == ("10/WH1", "Leeds", 3, 6)
    assert (leeds.median, leeds.worst) == (timedelta(hours=4), timedelta(hours=12))
    assert leeds.nine_in_ten == timedelta(hours=10, minutes=24)
    assert leeds.before == 83  # 15 of 18 hours passed before the receipts were planned
    assert (whole.name, whole.receipts, whole.median) == ("All places", 4, timedelta(hours=8))


def test_a_period_is_read_once_for_one_place(bridge, django_assert_num_queries):
    make_receipt(bridge, hours=2)
    rows = warehouse.confirmed(since=NOW - timedelta(days=30), until=NOW)

    with django_assert_num_queries(2):
        leeds, whole = warehouse.latency(rows)

    assert (leeds.place, whole.place) == ("10/WH1", "")
    assert (leeds.median, leeds.worst) == (whole.median, whole.worst)
    assert max(warehouse.PERIODS) == 30


def test_a_period_without_receipts_has_no_latency(bridge):
    make_receipt(bridge, confirmed_at=NOW - timedelta(days=8))

    rows = warehouse.confirmed(since=NOW - timedelta(days=7), until=NOW)

    assert warehouse.latency(rows) == ()


def test_what_was_confirmed_before_it_arrived_is_left_out(bridge):
    make_receipt(bridge, hours=-1)

    assert not warehouse.confirmed(since=NOW - timedelta(days=7), until=NOW)


def test_the_slowest_receipt_stands_first(bridge):
    quick, slow = make_receipt(bridge, hours=2), make_receipt(bridge, hours=9)

    rows = warehouse.slowest(warehouse.confirmed(since=NOW - timedelta(days=1), until=NOW))

    assert rows == [slow, quick]
    assert (rows[0].took, rows[0].place) == (timedelta(hours=9), "10/WH1")


# --- Scanning --------------------------------------------------------------------------------


def scan(text):
    return scanning.scan(text=text, is_personal_shown=False)


@pytest.mark.parametrize("code", ["RMA4001", " 4001 ", "rma-4001"])
def test_a_whole_number_wins_over_longer_ones(bridge, code):
    exact = make_rma(bridge, external_id="4001")
    make_rma(bridge, external_id="40011")

    assert scan(code).only_id == exact.pk


@pytest.mark.lesson(24)
def test_the_same_number_on_two_bridges_leads_nowhere_by_itself(bridge):
    for each in (bridge, factories.BridgeFactory()):
        make_rma(each, external_id="4001")

    found = scan("4001")

    assert len(found.rows) == 2
    assert found.only_id is None


@pytest.mark.parametrize(
    ("code", "label", "shown"),
    [
        ("AW-777", "Order", "AW-777"),
        ("H00E7712900001", "Parcel", "H…"),
        ("TEE-BLK-M", "SKU", "TEE-BLK-M"),
        ("505", "Barcode", "505"),
    ],
)
def test_orders_parcels_skus_and_barcodes_are_found(bridge, code, label, shown):
    rma = make_rma(bridge, order_name="AW-777")
    factories.RmaLineFactory(rma=rma, sku="TEE-BLK-M", barcode="505")
    factories.ShipmentFactory(rma=rma, tracking_number="H00E7712900001")

    (row,) = scan(code).rows

    assert (row.rma, row.label, row.value) == (rma, label, shown)


def test_a_list_that_was_cut_says_so(bridge):
    for _ in range(scanning.MATCHES + 1):
        factories.RmaLineFactory(rma=make_rma(bridge), sku="TEE-BLK-M")

    found = scan("TEE-BLK-M")

    assert (len(found.rows), found.has_more) == (scanning.MATCHES, True)


@pytest.mark.parametrize("code", ["400", "AW-7", "TEE"])
def test_a_number_scanned_in_part_is_listed_and_never_opened(bridge, code):
    rma = make_rma(bridge, external_id="4001", order_name="AW-777")
    factories.RmaLineFactory(rma=rma, sku="TEE-BLK-M")

    found = scan(code)

    assert [(row.rma, row.is_exact) for row in found.rows] == [(rma, False)]
    assert found.only_id is None


@pytest.mark.parametrize("code", ["", "   ", "'", "nothing-like-it", "\0"])
def test_nonsense_finds_nothing(bridge, code):
    make_rma(bridge)

    assert scan(code) == scanning.Scan()


# --- Cost ------------------------------------------------------------------------------------


def test_the_reads_cost_the_same_for_10_and_1000_receipts(bridge):
    def cost():
        with CaptureQueriesContext(database) as captured:
            warehouse.board(now=NOW)
            rows = warehouse.confirmed(since=NOW - timedelta(days=1), until=NOW)
            warehouse.latency(rows)
            warehouse.slowest(rows)
            list(warehouse.receipt_rows(warehouse.receipts())[:50])
            warehouse.graded_rows(warehouse.to_grade()[:50])
        return len(captured)

    rma = make_rma(bridge, inspection="not_inspected")
    template = make_receipt(bridge)
    few = cost()
    copies = []
    for number in range(1_000):
        row = factories.PostingFactory.build(
            rma=rma,
            bridge=bridge,
            connection=bridge.erp,
            kind="stock_receipt",
            slot=f"stock_receipt:10/WH1#{number + 2}",
            key=f"RC-{number}",
            draft=template.draft,
            confirmed_at=NOW,
        )
        copies.append(row)
    type(template).objects.bulk_create(copies)

    assert cost() == few
