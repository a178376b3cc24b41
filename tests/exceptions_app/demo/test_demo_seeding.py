"""The demo's seed makes every exception by the normal flow, and loses no money on the way."""

from datetime import UTC, datetime

import pytest
from django_q.models import OrmQ

from connectors.types import DocumentKind
from exceptions_app.management.demo import faulty, mix, seeding, twins
from exceptions_app.management.demo.world import Clock, World
from exceptions_app.models import AuditEntry, Case, ExchangeBatch, Posting

UNTIL = datetime(2026, 5, 27, 9, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db

TYPES = """
SKU_UNKNOWN SKU_INACTIVE SKU_AMBIGUOUS REASON_UNMAPPED DISPOSITION_UNMAPPED STATUS_UNMAPPED
LOCATION_MISSING WAREHOUSE_UNMAPPED DIVISION_MISMATCH SO_LINK_MISSING OVER_RETURN REFUND_OVER_LINE
REFUND_CM_MISMATCH COMPONENT_MISSING VAT_SETTING PERIOD_CLOSED CM_REJECTED REFUND_NO_CM
RECEIPT_NOT_POSTED OUTCOME_UNKNOWN RETRY_EXHAUSTED CONNECTION_DOWN AUTH_EXPIRED RATE_LIMITED
PAYLOAD_INVALID OUT_OF_ORDER DUPLICATE_SIGNAL SILENT_SUCCESS JOB_STUCK PROMO_SKU
QUOTE_CHANGED
"""

SHORT = {
    DocumentKind.RETURN_AUTHORISATION: "authorised",
    DocumentKind.STOCK_RECEIPT: "received",
    DocumentKind.STOCK_MOVE: "moved",
    DocumentKind.WRITE_OFF: "written off",
    DocumentKind.CREDIT_MEMO: "credited",
    DocumentKind.REFUND_RECORD: "refunded",
}
PLAIN = ("authorised, received, credited 20.00", "")
COMMON = {
    mix.WHOLE: PLAIN,
    mix.PARTIAL: PLAIN,
    mix.BUNDLE: ("authorised, received, credited 24.00", ""),
    mix.EXCHANGE: ("authorised, received", ""),
    mix.BROKEN: ("authorised, received, written off, credited 20.00", ""),
    mix.STRANGE: ("", "SKU_UNKNOWN"),
    mix.NOWHERE: ("authorised", "WAREHOUSE_UNMAPPED"),
    mix.LATE: ("authorised", "PERIOD_CLOSED, RESTOCK_LATE"),
}
MOVED = ("authorised, received, moved, credited 20.00, refunded 20.00", "")
# The same as the pairs themselves are held to; only the bundle's part costs more here.
EXPECTED = {
    "uk": COMMON,
    "fr": COMMON,
    "de": {
        **dict.fromkeys((mix.WHOLE, mix.PARTIAL, mix.NOWHERE), MOVED),
        mix.BUNDLE: ("authorised, received, moved", "REFUND_OVER_LINE"),
        mix.EXCHANGE: ("authorised, received, moved", ""),
        mix.BROKEN: ("authorised, received, written off, credited 20.00, refunded 20.00", ""),
        mix.STRANGE: ("", "SKU_UNKNOWN"),
        mix.LATE: ("authorised, received, moved", "PERIOD_CLOSED"),
    },
    "ie": {**COMMON, mix.BROKEN: PLAIN},
    "trade": {
        **COMMON,
        **dict.fromkeys((mix.WHOLE, mix.PARTIAL), MOVED),
        mix.BUNDLE: ("authorised, received, moved, credited 24.00, refunded 24.00", ""),
        mix.EXCHANGE: ("authorised, received, moved", ""),
        mix.BROKEN: ("authorised, received, credited 20.00, refunded 20.00", ""),
    },
}


def test_the_seed_makes_every_exception_and_keeps_every_confirmed_document():
    world = World(Clock(UNTIL), twins.make())

    # One seeding for all that is asked of it: it drives a few thousand queries.
    seeding.seed(world, base_url="http://127.0.0.1:8100", until=UNTIL, returns=16)

    found = set(Case.objects.exclude(status="resolved").values_list("type", flat=True))
    assert " ".join(sorted(set(TYPES.split()) - found)) == ""
    misspelt = Case.objects.filter(type="SKU_UNKNOWN", rma__external_id__startswith="40")
    assert misspelt.count() == faulty.MISSPELT
    assert AuditEntry.objects.filter(at__gt=UNTIL).count() == 0
    assert OrmQ.objects.count() == 0
    held = Posting.objects.filter(bridge__code="home", status="held", hold_reason="manual")
    assert set(held.values_list("kind", flat=True)) == {"credit_memo", "write_off"}
    for bridge in world.bridges.values():
        if twins.SYSTEMS[bridge.code].erp == "bluecherry":
            _check_documents(world, bridge)
    _check_files(world)
    ended = {code: _mix_of(world, code) for code in mix.PAIRS}
    differing = {
        (code, kind): (ended[code][kind], expected)
        for code, kinds in EXPECTED.items()
        for kind, expected in kinds.items()
        if ended[code][kind] != expected
    }
    assert differing == {}


def _check_documents(world, bridge):
    """Each confirmed document is at the ERP once, and a credit with the amount we keep."""
    rows = world.erp(bridge.code).documents()
    by_ref = {row["ref_num"]: row for row in rows}
    assert len(rows) == len(by_ref)
    confirmed = Posting.objects.filter(bridge=bridge, status="confirmed")
    assert confirmed.exists()
    for posting in confirmed:
        row = by_ref[posting.key]
        assert row["doc_num"] == posting.number
        if posting.kind == "credit_memo":
            assert row["total_amt"] == posting.gross


def _check_files(world):
    """Four returns of the depot left in four files, and every document was answered with yes."""
    batches = ExchangeBatch.objects.order_by("number").values_list("kind", "state", "documents")
    assert list(batches) == [
        ("return_authorisation", "posted", 4),
        ("credit_memo", "posted", 4),
        ("stock_move", "posted", 4),
        ("write_off", "posted", 1),
    ]
    assert world.erp("depot").complaints == []
    numbers = {row.key: row.number for row in world.booked("depot")}
    for posting in Posting.objects.filter(bridge__code="depot", kind="credit_memo"):
        assert (posting.status, posting.number) == ("confirmed", numbers[posting.key])


def _mix_of(world, code):
    """What the ERP's own books hold of each of the eight, and the open exceptions about it."""
    first, books = mix.PAIRS[code], world.booked(code)
    return {kind: _outcome(world, code, str(first + kind), books) for kind in range(1, 9)}


def _outcome(world, code, rma_id, books):
    external_id = world.platform_kit(code).external_id(rma_id)
    told = [
        " ".join(filter(None, (SHORT[row.kind], f"{row.gross:.2f}" if row.gross else "")))
        for row in books
        if f"-{external_id}-" in row.key and row.is_final
    ]
    cases = Case.objects.filter(rma__bridge__code=code, rma__external_id=external_id)
    types = set(cases.exclude(status="resolved").values_list("type", flat=True))
    return ", ".join(told), ", ".join(sorted(types))
