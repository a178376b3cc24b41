"""The upkeep's look over connections and bridges: raised once, closed by proof, and bounded."""

from datetime import timedelta

import pytest

from connectors import types
from exceptions_app.models import Case, ErpReceipt, InboundEvent, Watermark
from exceptions_app.services import receipts, watching
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def bridge():
    return factories.BridgeFactory()


def open_types():
    rows = Case.objects.exclude(status="resolved").order_by("type")
    return list(rows.values_list("type", flat=True))


def test_a_quiet_desk_is_looked_at_in_few_reads_and_nothing_is_written(
    bridge, django_assert_max_num_queries
):
    with django_assert_max_num_queries(10):
        assert watching.look(now=NOW) == 0

    assert not Case.objects.exists()


def test_messages_that_wait_too_long_are_told_until_they_are_handled(bridge):
    event = factories.InboundEventFactory(
        connection=bridge.source, state="new", received_at=NOW - timedelta(hours=2)
    )

    assert [watching.look(now=NOW), watching.look(now=NOW)] == [1, 1]
    (case,) = Case.objects.all()
    assert (case.type, case.reopened_count) == ("BACKLOG", 0)

    InboundEvent.objects.filter(pk=event.pk).update(state="processed")

    assert watching.look(now=NOW) == 0
    case.refresh_from_db()
    assert (case.status, case.closure) == ("resolved", "proof")


def test_goods_without_a_return_are_told_once_their_return_had_time_to_come(bridge):
    line = types.ErpReceiptLine("JEANS-32", 2, "dock")
    receipt = types.ErpReceipt("77", "GR-77", "A-1", "WH1", NOW, (line,))
    receipts.keep(connection=bridge.erp, receipts=[receipt], rma_of={}, now=NOW)

    assert watching.look(now=NOW + timedelta(minutes=59)) == 0
    assert watching.look(now=NOW + timedelta(minutes=60)) == 1
    assert open_types() == ["BLIND_RETURN"]
    assert "GR-77" in Case.objects.get().title

    ErpReceipt.objects.update(rma=factories.RmaFactory(bridge=bridge))

    assert watching.look(now=NOW + timedelta(minutes=61)) == 0
    assert open_types() == []


def test_items_nobody_read_for_a_day_are_told_until_they_are_read(bridge):
    mark = Watermark.objects.create(
        connection=bridge.erp, feed="items", read_at=NOW - timedelta(days=2)
    )

    watching.look(now=NOW)
    assert open_types() == ["ELIGIBILITY_STALE"]

    Watermark.objects.filter(pk=mark.pk).update(read_at=NOW)
    watching.look(now=NOW)
    assert open_types() == []


def test_a_bridge_that_is_switched_off_is_left_alone(bridge):
    Watermark.objects.create(connection=bridge.erp, feed="items", read_at=NOW - timedelta(days=2))
    bridge.is_active = False
    bridge.save()

    assert watching.look(now=NOW) == 0
