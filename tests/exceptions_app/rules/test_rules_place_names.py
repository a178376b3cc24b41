"""Places by the ERP's own name, where it tells one."""

import dataclasses

import pytest

from exceptions_app.rules.erp_facts import ErpReceiptFact
from exceptions_app.rules.facts import LocationTarget
from exceptions_app.rules.mapping import called
from exceptions_app.selectors import returns
from tests.exceptions_app.rules.make import make_facts, make_line
from tests.factories import NOW

NAMES = {
    LocationTarget("", "2"): "London returns",
    LocationTarget("10", "WH1"): "Main",
    LocationTarget("", "LDN"): "LDN",
    LocationTarget("", "9"): "",
}


@pytest.mark.parametrize(
    ("division", "warehouse", "expected"),
    [
        ("", "2", "London returns, 2"),
        ("10", "WH1", "Main, 10/WH1"),
        ("20", "WH1", "20/WH1"),
        ("", "LDN", "LDN"),
        ("", "9", "9"),
        ("", "", ""),
    ],
)
def test_a_place_has_its_name_where_that_says_more_than_its_code(division, warehouse, expected):
    assert called(NAMES, division, warehouse) == expected


def test_what_the_erps_staff_checked_in_names_its_warehouse():
    receipt = ErpReceiptFact(
        external_id="77", warehouse="2", received_at=NOW, lines=(), number="", key=""
    )
    facts = dataclasses.replace(make_facts(make_line()), erp_receipts=(receipt,), place_names=NAMES)

    assert [row.warehouse for row in returns.receipts(facts)] == ["London returns, 2"]
