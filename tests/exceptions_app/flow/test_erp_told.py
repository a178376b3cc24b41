"""Facts an ERP tells by itself: goods its staff checked in, months it closed (R019, R021)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import Rejected, RejectionCode
from connectors.types import ErpReceipt as Told
from connectors.types import ErpReceiptLine
from exceptions_app.models import ConnectionHealth, ErpClosedPeriod, ErpReceipt, Posting, Rma
from exceptions_app.selectors import erp_told
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.services import flow, periods, posting_days, receipts
from tests.batches import BatchErp, speak_in_sets
from tests.world import make_world

pytestmark = pytest.mark.django_db

AT = datetime(2026, 5, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def checked_in_there(monkeypatch):
    """The ERP's own staff book what comes in; the rest of the policy stays."""
    real = facts_selector.policy_of
    monkeypatch.setattr(
        facts_selector,
        "policy_of",
        lambda bridge: replace(real(bridge), stock_trigger="erp_receipt"),
    )


@pytest.fixture
def world():
    """Two returns whose authorisations are booked."""
    world = make_world()
    for number in (1, 2):
        world.add_order(f"SO-{number}")
        world.add_return(f"500{number}", order_name=f"SO-{number}")
    world.poll()
    with world.connected():
        flow.ingest(clock=world.clock)
        flow.plan(clock=world.clock)
        flow.post(clock=world.clock)
        world.clock.advance(seconds=5)
        flow.settle(clock=world.clock)
    return world


def authorisations():
    rows = Posting.objects.filter(kind="return_authorisation").order_by("key")
    assert set(rows.values_list("status", flat=True)) == {"confirmed"}
    return list(rows.values_list("external_id", flat=True))


def told(authorisation, external_id="G-1", quantity=1, **values):
    line = ErpReceiptLine(sku="TEE-BLK-M", quantity=quantity, place="A1", line_id="1")
    return Told(
        external_id=external_id,
        number=f"GRN-{external_id}",
        authorisation_id=authorisation,
        warehouse="WH1",
        received_at=AT,
        lines=(line,),
        **values,
    )


def read(world, script):
    """One poll; what was asked of the receipts in it."""
    before = len(script.reads)
    with world.connected():
        receipts.read_due(now=world.clock.now)
    return [ids for what, ids in script.reads[before:] if what == "receipts"]


def due():
    rows = Rma.objects.order_by("external_id")
    return {row.external_id: row.plan_due_at for row in rows}


@pytest.mark.usefixtures("checked_in_there")
def test_open_authorisations_are_asked_for_in_one_call_and_what_came_is_kept_once(
    world, monkeypatch
):
    script = speak_in_sets(monkeypatch)
    first, second = authorisations()
    script.receipts = [told(first)]
    Rma.objects.update(plan_due_at=None)

    assert read(world, script) == [tuple(sorted([first, second]))]

    row = ErpReceipt.objects.get()
    assert (row.external_id, row.number, row.warehouse) == ("G-1", "GRN-G-1", "WH1")
    assert row.lines == [{"sku": "TEE-BLK-M", "quantity": 1, "place": "A1", "line_id": "1"}]
    assert row.rma.external_id == "5001"
    assert due() == {"5001": world.clock.now, "5002": None}
    (fact,) = facts_selector.for_plan(row.rma, now=world.clock.now).erp_receipts
    assert (fact.external_id, fact.received_at, fact.lines[0].quantity) == ("G-1", AT, 1)

    Rma.objects.update(plan_due_at=None)
    assert read(world, script) == []
    world.clock.advance(minutes=10)
    assert len(read(world, script)) == 1
    assert due() == {"5001": None, "5002": None}
    assert ErpReceipt.objects.count() == 1


@pytest.mark.usefixtures("checked_in_there")
def test_a_count_changed_afterwards_is_learnt_and_all_in_for_days_is_not_asked_again(
    world, monkeypatch
):
    script = speak_in_sets(monkeypatch)
    first, second = authorisations()
    script.receipts = [told(first)]
    read(world, script)
    script.receipts = [told(first, quantity=2)]
    world.clock.advance(minutes=10)

    read(world, script)

    assert ErpReceipt.objects.get().lines[0]["quantity"] == 2
    assert due()["5001"] == world.clock.now
    world.clock.advance(days=3)
    assert read(world, script) == [(second,)]


def test_a_receipt_of_nothing_we_know_is_kept_without_a_return(world):
    kept = receipts.keep(
        connection=world.bridge.erp, receipts=[told("77")], rma_of={}, now=world.clock.now
    )

    assert kept == 1
    assert ErpReceipt.objects.get().rma is None
    assert erp_told.receipts_of(Rma.objects.first()) == ()


def test_an_erp_is_not_asked_where_its_receipts_decide_nothing(world, monkeypatch):
    script = speak_in_sets(monkeypatch)

    assert read(world, script) == []


@pytest.mark.usefixtures("checked_in_there")
def test_a_feed_that_fails_is_put_off_and_the_connection_hears_of_it(world, monkeypatch):
    script = speak_in_sets(monkeypatch)
    script.receipts = [told(authorisations()[0])]
    world.erp.faults.parse([{"kind": "status", "status": 503, "times": 1}])
    with monkeypatch.context() as broken:
        broken.setattr(BatchErp, "receipts", lambda erp, ids: erp.find_items(["X"]))
        read(world, script)

    assert ErpReceipt.objects.count() == 0
    assert ConnectionHealth.objects.get(connection=world.bridge.erp).failures == 1
    assert read(world, script) == []
    world.clock.advance(seconds=61)
    assert len(read(world, script)) == 1


def test_closed_months_are_read_daily_beside_what_a_person_noted(world, monkeypatch):
    script = speak_in_sets(monkeypatch, periods=("2026-03", "2026-04"))
    world.bridge.closed_periods = ["2026-01"]
    world.bridge.save()
    asked = ("periods", ())

    with world.connected():
        periods.read_due(now=world.clock.now)
        periods.read_due(now=world.clock.advance(hours=23))
        assert script.reads.count(asked) == 1
        told_at_first = erp_told.closed_periods_of(world.bridge)
        script.periods = ("2026-04",)
        periods.read_due(now=world.clock.advance(hours=1))

    assert script.reads.count(asked) == 2
    assert told_at_first == {"2026-01", "2026-03", "2026-04"}
    facts = facts_selector.for_plan(Rma.objects.first(), now=world.clock.now)
    assert facts.closed_periods == {"2026-01", "2026-04"}
    world.bridge.refresh_from_db()
    assert world.bridge.closed_periods == ["2026-01"]


def test_a_refusal_for_a_closed_month_asks_for_the_months_at_once(world, monkeypatch):
    script = speak_in_sets(monkeypatch, periods=())
    with world.connected():
        periods.read_due(now=world.clock.now)
        flow.plan(clock=world.clock)
        script.periods = ("2026-05",)
        Posting.objects.filter(kind="credit_memo").update(status="ready")
        Posting.objects.exclude(kind__in=["credit_memo", "return_authorisation"]).delete()

        def closed(drafts):
            refused = Rejected("May is closed", code=RejectionCode.PERIOD_CLOSED)
            return tuple(refused for _ in drafts)

        script.instead = closed
        world.clock.advance(minutes=1)
        flow.post(clock=world.clock)
        assert ErpClosedPeriod.objects.count() == 0
        flow.poll(clock=world.clock)
        flow.plan(clock=world.clock)

    assert list(ErpClosedPeriod.objects.values_list("period", flat=True)) == ["2026-05"]
    assert "PERIOD_CLOSED" in world.open_types()
    now = world.clock.now
    assert posting_days.first_open_day(world.bridge, now).isoformat() == "2026-06-01"


def test_returns_concerned_by_a_month_are_planned_again(world):
    Rma.objects.update(plan_due_at=None)
    now = world.clock.now + timedelta(minutes=1)

    periods.keep(connection=world.bridge.erp, periods=["2026-05"], now=now)

    assert set(due().values()) == {now}
    Rma.objects.update(plan_due_at=None)
    periods.keep(connection=world.bridge.erp, periods=["2026-05"], now=now)
    assert set(due().values()) == {None}


def test_goods_the_erps_own_staff_check_in_release_the_credit(monkeypatch):
    script = speak_in_sets(monkeypatch)
    policy = {"stock_trigger": "erp_receipt", "credit_trigger": "goods_received"}
    world = make_world(policy=policy)
    world.add_order()
    world.add_return("5001")
    world.carry()
    before = [row["doc_type"] for row in world.documents()]
    (authorisation,) = authorisations()

    script.receipts = [told(authorisation)]
    world.clock.advance(minutes=10)
    with world.connected():
        flow.poll(clock=world.clock)
    world.settle()

    assert before == ["RA"]
    assert [row["doc_type"] for row in world.documents()] == ["RA", "CM"]
    assert Posting.objects.get(kind="credit_memo").status == "confirmed"
    assert not Posting.objects.filter(kind="stock_receipt").exists()
