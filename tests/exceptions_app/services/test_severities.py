"""How grave an open exception is, through what finds it: raised when it opens, and when it spreads.

The 13th of May is far from the end of its month, the 27th is two working days before it.
"""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from exceptions_app.models import AuditEntry, Case
from exceptions_app.rules.facts import Finding
from exceptions_app.services import cases, subjects
from tests.factories import BridgeFactory, RmaFactory

pytestmark = pytest.mark.django_db

CALM = datetime(2026, 5, 13, 9, 0, tzinfo=UTC)
LATE = datetime(2026, 5, 27, 9, 0, tzinfo=UTC)


def _finding(type_="SKU_INACTIVE", value=20):
    return Finding(
        type=type_,
        subject="line:1",
        cause="tee",
        facts={"sku": "TEE"},
        value=Decimal(value),
        value_formula="paid for the units",
    )


def _find(rma, *findings, now=CALM):
    return cases.sync(subject=subjects.of_rma(rma), findings=findings, now=now)


def _raises():
    return list(AuditEntry.objects.filter(act="case.raise").values_list("text", flat=True))


def test_the_eleventh_of_a_cause_raises_the_ten_before_it_and_a_twelfth_changes_nothing_more():
    bridge = BridgeFactory()
    for _ in range(10):
        _find(RmaFactory(bridge=bridge), _finding())
    assert set(Case.objects.values_list("severity", flat=True)) == {"medium"}

    _find(RmaFactory(bridge=bridge), _finding())

    assert set(Case.objects.values_list("severity", "severity_rank")) == {("high", 3)}
    assert _raises() == ["Now high: more than 10 are open of this cause"] * 10
    _find(RmaFactory(bridge=bridge), _finding())
    assert Case.objects.filter(severity="high").count() == 12
    assert len(_raises()) == 10


def test_a_broken_promise_raises_what_else_is_open_of_the_return_and_nothing_of_another():
    broken, other = RmaFactory(), RmaFactory()
    _find(other, _finding())

    _find(broken, _finding(), _finding("QUOTE_CHANGED"))

    found = set(Case.objects.values_list("rma", "type", "severity"))
    assert found == {
        (other.pk, "SKU_INACTIVE", "medium"),
        (broken.pk, "SKU_INACTIVE", "high"),
        (broken.pk, "QUOTE_CHANGED", "high"),
    }


def test_the_end_of_the_month_raises_what_has_money_at_risk_once():
    rma, free = RmaFactory(), RmaFactory()
    for each, value in ((rma, 20), (free, 0)):
        _find(each, _finding(value=value))

    for _ in range(2):
        for each, value in ((rma, 20), (free, 0)):
            _find(each, _finding(value=value), now=LATE)

    found = dict(Case.objects.values_list("rma", "severity"))
    assert found == {rma.pk: "high", free.pk: "medium"}
    assert _raises() == ["Now high: the month ends within three working days"]


def test_the_day_is_that_of_the_books():
    """At 20:00 UTC on the 25th it is the 26th in Auckland: three working days are left."""
    evening = datetime(2026, 5, 25, 20, 0, tzinfo=UTC)
    there = RmaFactory(bridge=BridgeFactory(timezone="Pacific/Auckland"))
    here = RmaFactory(bridge=BridgeFactory(timezone="UTC"))

    for rma in (there, here):
        _find(rma, _finding(), now=evening)

    found = dict(Case.objects.values_list("rma", "severity"))
    assert found == {there.pk: "high", here.pk: "medium"}


def test_what_rose_does_not_sink_again():
    rma = RmaFactory()
    _find(rma, _finding(), now=LATE)

    _find(rma, _finding(), now=datetime(2026, 6, 8, 9, 0, tzinfo=UTC))

    assert Case.objects.get().severity == "high"


def test_value_raises_above_the_sum_of_its_own_currency_and_bridge():
    yen = RmaFactory(currency="JPY")
    own = RmaFactory(bridge=BridgeFactory(policy={"graver_above": {"JPY": "600"}}), currency="JPY")
    pounds, other = RmaFactory(currency="GBP"), RmaFactory(currency="KWD")

    for rma in (yen, own, pounds, other):
        _find(rma, _finding(value=601))

    found = dict(Case.objects.values_list("rma", "severity"))
    assert found == {yen.pk: "medium", own.pk: "high", pounds.pk: "high", other.pk: "medium"}
    assert _raises() == []
    _find(yen, _finding(value=100_001))
    assert _raises() == ["Now high: more than ¥100,000 is at risk"]
