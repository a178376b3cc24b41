"""What an exception may be put off for: a window, a month, the item master, a figure that grows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Bridge, Case, Watermark
from exceptions_app.rules.facts import Finding
from exceptions_app.services import cases, subjects, triage, waking
from exceptions_app.services.bulk_rows import put_off_as_before
from tests.cast import make_user
from tests.factories import (
    NOW,
    BridgeFactory,
    CaseFactory,
    CauseGroupFactory,
    PostingFactory,
    RmaFactory,
    WatermarkFactory,
)

pytestmark = pytest.mark.django_db

UNTIL = NOW + timedelta(days=40)
# NOW is 10:12 in London, where the window opens at 13:00.
WINDOW = {"schedule": {"credit_memo": "13:00-14:00"}}
OPENS = datetime(2026, 5, 27, 12, tzinfo=UTC)


def make_case(code="SKU_UNKNOWN", policy=None, **values):
    rma = RmaFactory(bridge=BridgeFactory(policy=policy or {}))
    return CaseFactory(rma=rma, group=CauseGroupFactory(type=code, bridge=rma.bridge), **values)


def put_off(case, wakes_on, now=NOW, **given):
    asked = {"until": UNTIL, "note": "", "actor": make_user("finn"), "now": now, **given}
    return triage.snooze(case_id=case.pk, wakes_on=wakes_on, **asked)


def last_words():
    return AuditEntry.objects.order_by("-id").values_list("text", flat=True)[0]


def is_asleep(case):
    return Case.objects.get(pk=case.pk).snoozed_until is not None


def test_the_next_window_of_its_document_brings_it_back_once():
    case = make_case("CREDIT_NO_REFUND", WINDOW, team="finance")
    put_off(case, "window")
    assert last_words().endswith(
        "or earlier when the next posting window of BlueCherry has opened."
    )

    assert waking.wake_due(now=OPENS - timedelta(minutes=1)) == 0
    assert [waking.wake_due(now=OPENS) for _ in range(2)] == [1, 0]

    assert last_words() == "Back in the queue: the next posting window of BlueCherry has opened"


def test_a_window_that_is_open_is_not_the_next_one():
    case = make_case(policy={"schedule": {"credit_memo": "10:00-11:00"}})
    put_off(case, "window")

    assert waking.wake_due(now=NOW + timedelta(minutes=5)) == 0
    assert waking.wake_due(now=datetime(2026, 5, 28, 9, tzinfo=UTC)) == 1


def test_it_waits_for_windows_of_its_own_kind_of_document_only():
    case = make_case("REFUND_NO_CM", {"schedule": {"stock_receipt": "13:00-14:00"}})

    with pytest.raises(errors.InvalidChoice) as refused:
        put_off(case, "window")

    assert str(refused.value) == (
        "Alder UK has no posting window in which a credit memo leaves for BlueCherry. Choose a day."
    )
    assert not is_asleep(case)
    assert not AuditEntry.objects.exists()


def test_the_document_it_is_about_says_the_kind():
    case = make_case(policy={"schedule": {"stock_receipt": "11:00-11:30", **WINDOW["schedule"]}})
    Case.objects.update(posting=PostingFactory(rma=case.rma, status="held"))
    put_off(case, "window")

    assert waking.wake_due(now=OPENS - timedelta(minutes=1)) == 0
    assert waking.wake_due(now=OPENS) == 1
    assert last_words().endswith("window of BlueCherry for a credit memo has opened")


def test_without_windows_since_its_time_alone_brings_it_back():
    case = make_case(policy=WINDOW)
    put_off(case, "window")
    Bridge.objects.update(policy={})

    assert waking.wake_due(now=OPENS) == 0
    assert waking.wake_due(now=UNTIL) == 1
    assert last_words() == "Back in the queue: its time is over"


def test_a_closed_month_brings_it_back_when_it_is_open():
    case = make_case("PERIOD_CLOSED", facts={"period": "2026-04"})
    Bridge.objects.update(closed_periods=["2026-04"])
    put_off(case, "period")

    assert waking.wake_due(now=NOW) == 0
    Bridge.objects.update(closed_periods=[])

    assert waking.wake_due(now=NOW) == 1
    assert last_words() == "Back in the queue: April 2026 is open in the books of BlueCherry"


def test_a_month_that_is_open_is_nothing_to_wait_for():
    case = make_case("PERIOD_CLOSED", facts={"period": "2026-04"})

    with pytest.raises(errors.InvalidChoice, match="April 2026 is open in BlueCherry"):
        put_off(case, "period")

    assert not is_asleep(case)


def test_money_without_a_month_waits_for_the_next_one_to_begin_and_be_open():
    case = make_case("REFUND_CM_MISMATCH", team="finance")
    put_off(case, "period")
    # Midnight in London is an hour earlier in UTC.
    june = datetime(2026, 5, 31, 23, tzinfo=UTC)
    Bridge.objects.update(closed_periods=["2026-06"])

    assert waking.wake_due(now=june) == 0
    Bridge.objects.update(closed_periods=[])
    assert waking.wake_due(now=june - timedelta(minutes=1)) == 0

    assert waking.wake_due(now=june) == 1
    assert last_words() == "Back in the queue: June 2026 is open in the books of BlueCherry"


def test_the_item_master_read_again_brings_back_what_is_about_an_item():
    case = make_case(facts={"sku": "TEE"})
    WatermarkFactory(connection=case.bridge.erp, feed="items", read_at=NOW)
    put_off(case, "items")

    WatermarkFactory(feed="items", read_at=NOW + timedelta(hours=1))
    assert waking.wake_due(now=NOW + timedelta(hours=1)) == 0
    Watermark.objects.update(read_at=NOW + timedelta(hours=1))

    assert waking.wake_due(now=NOW + timedelta(hours=1)) == 1
    assert last_words() == "Back in the queue: the ERP's item master has been read again"


def test_an_item_master_that_nobody_reads_is_nothing_to_wait_for():
    case = make_case(facts={"sku": "TEE"})

    with pytest.raises(errors.InvalidChoice, match="item master of BlueCherry was never read"):
        put_off(case, "items")

    assert not is_asleep(case)


def test_a_value_that_grew_by_what_was_asked_brings_it_back_with_both_figures():
    case = make_case(value=Decimal("20.00"))
    put_off(case, "value", growth=Decimal("12.50"))
    words = "its value at risk has grown by £12.50 (£20.00 → £32.50)"
    assert words in last_words()

    Case.objects.update(value=Decimal("32.49"))
    assert waking.wake_due(now=NOW) == 0
    Case.objects.update(value=Decimal("32.50"))

    assert waking.wake_due(now=NOW) == 1
    assert last_words() == f"Back in the queue: {words}"


def test_a_cause_that_grew_by_what_was_asked_brings_it_back_with_both_counts():
    case = make_case()
    CaseFactory(rma=RmaFactory(bridge=case.bridge), group=case.group)
    CaseFactory(rma=RmaFactory(bridge=case.bridge), group=case.group, status="resolved")
    put_off(case, "count", growth=Decimal(2))
    assert "when its cause has 2 more (2 → 4)" in last_words()

    CaseFactory(rma=RmaFactory(bridge=case.bridge), group=case.group)
    CaseFactory()
    assert waking.wake_due(now=NOW) == 0
    CaseFactory(rma=RmaFactory(bridge=case.bridge), group=case.group)

    assert waking.wake_due(now=NOW) == 1
    assert last_words() == "Back in the queue: its cause has 2 more (2 → 4)"


@pytest.mark.parametrize(
    ("wakes_on", "growth", "why"),
    [
        ("value", None, "Say by how much it has to grow"),
        ("value", Decimal(0), "Say by how much it has to grow"),
        ("value", Decimal(-1), "Say by how much it has to grow"),
        ("value", Decimal("0.001"), "Give at most 2 decimals"),
        ("count", Decimal("1.5"), "Give a whole number"),
        ("count", Decimal("NaN"), "Say by how much it has to grow"),
    ],
)
def test_a_growth_that_is_none_is_refused_and_nothing_changes(wakes_on, growth, why):
    case = make_case()

    with pytest.raises(errors.InvalidChoice, match=why):
        put_off(case, wakes_on, growth=growth)

    assert not is_asleep(case)
    assert not AuditEntry.objects.exists()


def test_what_was_put_back_keeps_the_figure_it_started_from():
    case = put_off(make_case(), "value", growth=Decimal(5))
    before = {
        "until": UNTIL.isoformat(),
        "note": "",
        "wakes_on": "value",
        "wakes_for": case.wakes_for,
    }
    triage.wake(case_id=case.pk, actor=make_user("finn"), now=NOW)
    Case.objects.update(value=Decimal(24))

    put_off_as_before(Case.objects.get(), before, make_user("finn"), NOW)

    assert Case.objects.get().wakes_for == {"from": "20.0000", "to": "25.0000"}


def test_nobody_s_sleep_costs_one_look_for_time_and_one_for_conditions(django_assert_num_queries):
    for _ in range(3):
        put_off(make_case(), "")

    with django_assert_num_queries(2):
        assert waking.wake_due(now=NOW) == 0


def found(case, value, **facts):
    return Finding(
        type="REFUND_CM_MISMATCH",
        subject="credit",
        cause="lines",
        facts={"refund": str(value), "why": "a fee", **facts},
        value=Decimal(value),
        value_formula="refund less credit",
    )


def test_smaller_growth_of_its_figures_leaves_it_asleep_and_another_fact_does_not():
    rma = RmaFactory()
    (case,) = cases.sync(subject=subjects.of_rma(rma), findings=[found(rma, 20)], now=NOW)
    put_off(case, "value", growth=Decimal(10))

    cases.sync(subject=subjects.of_rma(rma), findings=[found(rma, 25)], now=NOW)
    assert waking.wake_due(now=NOW) == 0
    assert is_asleep(case)
    cases.sync(subject=subjects.of_rma(rma), findings=[found(rma, 25, why="a tax")], now=NOW)

    assert not is_asleep(case)
    assert last_words() == "Back in the queue: its facts changed"


def test_figures_that_change_wake_what_waits_for_something_else():
    rma = RmaFactory()
    (case,) = cases.sync(subject=subjects.of_rma(rma), findings=[found(rma, 20)], now=NOW)
    put_off(case, "count", growth=Decimal(3))

    cases.sync(subject=subjects.of_rma(rma), findings=[found(rma, 25)], now=NOW)

    assert not is_asleep(case)
