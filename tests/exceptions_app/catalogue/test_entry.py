"""Filling a template, and raising a severity."""

from decimal import Decimal

import pytest

from exceptions_app import catalogue
from exceptions_app.catalogue import CATALOGUE
from exceptions_app.choices import Severity
from exceptions_app.rules import confirming

CALM = {
    "value": Decimal("10.00"),
    "threshold": Decimal("500.00"),
    "is_promise_breached": False,
    "working_days_to_period_end": 12,
    "group_count": 1,
}


@pytest.mark.parametrize(
    ("template", "facts", "text"),
    [
        pytest.param(
            "SKU {sku} is not in {erp}",
            {"sku": "TEE-BLK-M", "erp": "BlueCherry"},
            "SKU TEE-BLK-M is not in BlueCherry",
            id="filled",
        ),
        pytest.param("In {erp} today", {}, "In not known today", id="missing"),
        pytest.param("In {erp} today", {"erp": "  "}, "In not known today", id="blank"),
        pytest.param("In {erp} today", {"erp": None}, "In not known today", id="none"),
        pytest.param("{erp} said no", {}, "Not known said no", id="starts-the-text"),
        pytest.param("Sent. {erp} said no", {}, "Sent. Not known said no", id="starts-a-sentence"),
        pytest.param("{units} units", {"units": 0}, "0 units", id="zero-is-known"),
        pytest.param("{sku}!", {"sku": "{erp}", "erp": "X"}, "{erp}!", id="braces-stay"),
        pytest.param("{sku}", {"sku": "{sku.__class__}"}, "{sku.__class__}", id="no-attributes"),
        pytest.param(
            "It said “{vendor_text}”",
            {"vendor_text": "line 1\r\n\tline\x00 2 \u2028end"},
            "It said “line 1 line 2 end”",
            id="one-line",
        ),
        pytest.param("{name}", {"name": "<b>Tee</b>"}, "<b>Tee</b>", id="escaping-is-the-page's"),
        pytest.param("the {kind} X", {"kind": "credit_memo"}, "the credit memo X", id="kind-code"),
        pytest.param("the {kind} X", {"kind": "Credit memo"}, "the credit memo X", id="kind-label"),
        pytest.param("{kind} X", {"kind": "credit_memo"}, "Credit memo X", id="kind-first"),
        pytest.param("{sku} X", {"sku": "tee-blk"}, "tee-blk X", id="a-code-keeps-its-case"),
    ],
)
def test_a_template_is_filled_with_plain_text(template, facts, text):
    assert catalogue.render(template, facts) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        pytest.param("3.20", "GBP", "£3.20", id="symbol"),
        pytest.param("1234567.80", "EUR", "€1,234,567.80", id="thousands"),
        pytest.param("-3.20", "GBP", "−£3.20", id="minus"),
        pytest.param("+3.20", "GBP", "+£3.20", id="plus"),
        pytest.param(Decimal("3.20"), "GBP", "£3.20", id="decimal"),
        pytest.param("5.124", "KWD", "KWD\N{NO-BREAK SPACE}5.124", id="no-symbol"),
        pytest.param("8420", "JPY", "¥8,420", id="no-minor-unit"),
        pytest.param("£3.20", "GBP", "£3.20", id="ready-to-read"),
        pytest.param("3.20", "", "3.20", id="no-currency-known"),
        pytest.param("", "GBP", "Not known", id="absent-is-not-zero"),
    ],
)
def test_an_amount_is_written_as_the_screens_write_it(amount, currency, text):
    assert catalogue.render("{refund}", {"refund": amount, "currency": currency}) == text


@pytest.mark.parametrize(("excess", "text"), [("2", "2"), ("2.00", "£2.00")])
def test_an_excess_in_units_is_never_shown_as_money(excess, text):
    assert catalogue.render("{excess}", {"excess": excess, "currency": "GBP"}) == text


@pytest.mark.parametrize(
    ("units", "text"),
    [
        pytest.param("1", "1 unit of return R1 is stuck, and 1 unit was received.", id="one"),
        pytest.param("2", "2 units of return R1 are stuck, and 2 units were received.", id="two"),
        pytest.param("11", "11 units of return R1 are stuck, and 11 units were received.", id="11"),
    ],
)
def test_one_unit_is_one_unit(units, text):
    template = "{units} units of return {rma} are stuck, and {units} units were received."

    assert catalogue.render(template, {"units": units, "rma": "R1"}) == text


def test_dates_and_periods_are_written_out():
    facts = {"posting_date": "2026-04-03", "period": "2026-04"}

    assert catalogue.render("{posting_date} is in {period}", facts) == "3 Apr 2026 is in April 2026"


def test_a_moment_is_written_as_the_screens_write_it():
    facts = {"since": "2026-11-03 10:59 UTC", "reason": "not read since 2026-11-01 06:00 UTC"}

    assert catalogue.render("Waits since {since}: {reason}", facts) == (
        "Waits since 3 Nov 2026, 10:59 UTC: not read since 1 Nov 2026, 06:00 UTC"
    )


def test_a_moment_as_an_earlier_release_stored_it_is_written_alike():
    facts = {"since": "2026-11-22T06:21:08.218295+00:00"}

    assert catalogue.render("Since {since}", facts) == "Since 22 Nov 2026, 06:21 UTC"


def test_a_document_that_is_absent_reads_as_a_sentence():
    facts = {"erp": "Prima", "kind": "credit_memo", "key": "K-1", **confirming.ABSENT}

    assert catalogue.render(CATALOGUE["SILENT_SUCCESS"].sentence, facts) == (
        "Prima answered the credit memo K-1 with a yes. On read-back, the document should be there"
        " and is not there."
    )


def test_dates_and_periods_in_another_form_stay_as_they_are():
    facts = {"posting_date": "month end", "period": "FY26 P1"}

    assert catalogue.render("{posting_date} is in {period}", facts) == "month end is in FY26 P1"


@pytest.mark.parametrize(
    ("base", "change", "expected"),
    [
        pytest.param("SKU_INACTIVE", {}, Severity.MEDIUM, id="nothing-raises"),
        pytest.param("SKU_INACTIVE", {"value": Decimal("500.00")}, Severity.MEDIUM, id="at-limit"),
        pytest.param("SKU_INACTIVE", {"value": Decimal("500.01")}, Severity.HIGH, id="above"),
        pytest.param(
            "SKU_INACTIVE",
            {"value": Decimal("9999.00"), "threshold": None},
            Severity.MEDIUM,
            id="no-threshold",
        ),
        pytest.param("SKU_INACTIVE", {"is_promise_breached": True}, Severity.HIGH, id="promise"),
        pytest.param(
            "SKU_INACTIVE", {"working_days_to_period_end": 4}, Severity.MEDIUM, id="4-days"
        ),
        pytest.param("SKU_INACTIVE", {"working_days_to_period_end": 3}, Severity.HIGH, id="3-days"),
        pytest.param("SKU_INACTIVE", {"working_days_to_period_end": 0}, Severity.HIGH, id="today"),
        pytest.param(
            "SKU_INACTIVE", {"working_days_to_period_end": None}, Severity.MEDIUM, id="unknown-end"
        ),
        pytest.param("SKU_INACTIVE", {"group_count": 10}, Severity.MEDIUM, id="10-in-group"),
        pytest.param("SKU_INACTIVE", {"group_count": 11}, Severity.HIGH, id="11-in-group"),
        pytest.param(
            "SKU_INACTIVE",
            {"is_promise_breached": True, "group_count": 11},
            Severity.CRITICAL,
            id="one-step-each",
        ),
        pytest.param(
            "DUPLICATE_SIGNAL",
            {
                "value": Decimal("500.01"),
                "is_promise_breached": True,
                "working_days_to_period_end": 1,
                "group_count": 11,
            },
            Severity.CRITICAL,
            id="all-four-from-info",
        ),
        pytest.param(
            "SO_LINK_MISSING",
            {"is_promise_breached": True, "group_count": 99},
            Severity.CRITICAL,
            id="capped",
        ),
    ],
)
def test_severity_rises_one_step_for_each_rule_and_stops_at_critical(base, change, expected):
    severity = catalogue.raised(catalogue.entry(base), **(CALM | change))

    assert severity is expected


def test_facts_used_names_what_a_finding_should_bring():
    used = catalogue.facts_used(catalogue.entry("PERIOD_CLOSED"))

    assert used == {"erp", "period", "posting_date", "rma", "value"}
