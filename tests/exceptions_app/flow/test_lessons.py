"""Rules learned from other products (docs/lessons.md) that no single room proves."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from connectors.types import Money, SourceRefund
from exceptions_app import catalogue
from exceptions_app.choices import SEVERITY_RANK, PostingKind, PostingStatus
from exceptions_app.models import AuditEntry, Posting, Refund
from exceptions_app.services import planning, rmas, sweeping
from exceptions_app.templatetags import marks
from tests.factories import NOW, CaseFactory, CauseGroupFactory, PostingFactory, RmaFactory
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.mark.lesson(15)
@pytest.mark.parametrize("status", sorted(set(PostingStatus) - {PostingStatus.CANCELLED}))
def test_one_document_stands_for_its_place_in_a_return_in_every_state(status):
    made = PostingFactory(status=status, slot="credit_memo")

    for again in ({"slot": "credit_memo"}, {"key": made.key}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PostingFactory(rma=made.rma, status="planned", **again)

    assert Posting.objects.get() == made


@pytest.mark.lesson(16)
@pytest.mark.parametrize("type_", ["REFUND_CM_MISMATCH", "RESTOCK_LATE", "OVER_RETURN"])
def test_age_alone_closes_nothing_about_money_or_stock(type_):
    group = CauseGroupFactory(type=type_)
    case = CaseFactory(group=group, type=type_, rma=RmaFactory(bridge=group.bridge), due_at=NOW)

    for days in (31, 366, 3 * 366):
        sweeping.sweep(now=NOW + timedelta(days=days))

    case.refresh_from_db()
    assert (case.status, case.closure, case.resolved_at) == ("open", "", None)
    assert not AuditEntry.objects.filter(case_id=case.pk).exists()


@pytest.mark.lesson(29)
@pytest.mark.parametrize(
    ("late", "wrong"),
    [
        ("ERP_BATCH_WAIT", "CM_REJECTED"),
        ("RATE_LIMITED", "CONNECTION_DOWN"),
        ("RESTOCK_LATE", "PREMATURE_RESTOCK"),
        ("SO_NOT_SYNCED", "SO_LINK_MISSING"),
    ],
)
def test_what_is_late_has_another_type_and_clock_than_what_is_wrong(late, wrong):
    waits, stands = catalogue.entry(late), catalogue.entry(wrong)

    assert (waits.is_waiting_type, stands.is_waiting_type) == (True, False)
    assert waits.clock_hours > stands.clock_hours
    assert SEVERITY_RANK[waits.severity] < SEVERITY_RANK[stands.severity]


@pytest.mark.lesson(29)
def test_what_waits_has_another_colour_and_shape_than_what_is_blocked():
    waits, stands = marks.STATES["waiting"], marks.STATES["blocked"]

    assert (waits, stands) == (("wait", "hour", "waiting"), ("bad", "stop", "blocked"))
    assert "wait" not in marks.SEVERITY_TONES.values()


@pytest.mark.lesson(30)
def test_a_refund_of_the_shop_told_again_makes_no_second_credit():
    world = make_world()
    world.add_order()
    world.add_return(refunded=None)
    world.carry()
    refund = SourceRefund(
        external_id="gid://shopify/Refund/77",
        rma_external_id="5001",
        kind="Refund",
        status="Success",
        money=Money(Decimal("20.00"), "GBP"),
        processor="",
        reference="",
        unit_ids=(),
        created_at=world.clock.now,
        updated_at=world.clock.now,
        origin="storefront",
    )
    told = [refund, refund, replace(refund, updated_at=world.clock.now + timedelta(hours=1))]

    changed = []
    for each in told:
        applied = rmas.apply_refund(bridge=world.bridge, refund=each, now=world.clock.now)
        changed.append(applied.is_changed)
        world.settle()

    assert changed[:2] == [True, False]
    assert Refund.objects.count() == 1
    assert [row["total_amt"] for row in world.documents("CM")] == [Decimal("20.00")]
    assert Posting.objects.filter(kind="credit_memo").count() == 1
    assert world.open_types() == []


@pytest.mark.lesson(25)
def test_each_kind_of_document_has_a_prefix_of_its_own():
    prefixes = list(planning.PREFIX.values())

    assert len(set(prefixes)) == len(prefixes) >= 7
    assert planning.PREFIX[PostingKind.CREDIT_MEMO] != planning.PREFIX[PostingKind.REFUND_RECORD]
