"""The demo's seed makes every exception by the normal flow, and loses no money on the way."""

from datetime import UTC, datetime

import pytest
from django_q.models import OrmQ

from exceptions_app.management.demo import faulty, seeding, twins
from exceptions_app.management.demo.world import Clock, World
from exceptions_app.models import AuditEntry, Case, Posting

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


def test_the_seed_makes_every_exception_and_keeps_every_confirmed_document():
    world = World(Clock(UNTIL), twins.make())

    # One seeding for all that is asked of it: it drives a few thousand queries.
    seeding.seed(world, base_url="http://127.0.0.1:8100", until=UNTIL, returns=16)

    found = set(Case.objects.exclude(status="resolved").values_list("type", flat=True))
    assert " ".join(sorted(set(TYPES.split()) - found)) == ""
    assert Case.objects.filter(type="SKU_UNKNOWN").count() == faulty.MISSPELT
    assert AuditEntry.objects.filter(at__gt=UNTIL).count() == 0
    assert OrmQ.objects.count() == 0
    held = Posting.objects.filter(bridge__code="fr", status="held", hold_reason="manual")
    assert set(held.values_list("kind", flat=True)) == {"credit_memo", "write_off"}
    for bridge in world.bridges.values():
        _check_documents(world, bridge)


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
