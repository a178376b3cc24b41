"""Which exception of a return is solved first, and which wait for it (decision 0024)."""

from decimal import Decimal

import pytest

from exceptions_app.rules.blocking import first
from exceptions_app.rules.facts import Finding
from exceptions_app.rules.validation import CREDIT, DOCUMENTS, FROM_STOCK_ON, STOCK_KINDS


def _found(name, subject="line:1", blocks=frozenset()):
    return Finding(
        type=name,
        subject=subject,
        cause="x",
        facts={},
        value=Decimal(0),
        value_formula="",
        blocks=blocks,
    )


MAPPING = _found("DISPOSITION_UNMAPPED", blocks=FROM_STOCK_ON)
RECEIPT = _found("RETRY_EXHAUSTED", "posting:stock_receipt:LDN/1")
DIFFERENCE = _found("REFUND_CM_MISMATCH", "refund", CREDIT)


@pytest.mark.parametrize(
    ("found", "waits"),
    [
        pytest.param([DIFFERENCE], {}, id="alone"),
        pytest.param([DIFFERENCE, RECEIPT], {0: 1}, id="the-credit-for-the-receipt"),
        pytest.param([RECEIPT, MAPPING], {0: 1}, id="the-receipt-for-the-mapping"),
        # All wait for what can be done now, none for one that waits itself.
        pytest.param([DIFFERENCE, RECEIPT, MAPPING], {0: 2, 1: 2}, id="a-chain"),
        pytest.param(
            [_found("SKU_UNKNOWN", blocks=DOCUMENTS), MAPPING], {}, id="two-facts-side-by-side"
        ),
        pytest.param(
            [_found("WRONG_DEPOT", blocks=STOCK_KINDS), DIFFERENCE],
            {},
            id="stock-alone-holds-no-credit",
        ),
        pytest.param([_found("QTY_SHORT"), DIFFERENCE], {}, id="what-holds-nothing-back"),
        pytest.param(
            [_found("REFUND_NO_CM", "refund"), _found("SKU_UNKNOWN", blocks=DOCUMENTS)],
            {0: 1},
            id="what-closes-by-the-credit",
        ),
        pytest.param(
            [_found("OUTCOME_UNKNOWN", "posting:credit_memo"), DIFFERENCE],
            {},
            id="two-about-the-credit",
        ),
        pytest.param(
            [_found("RETRY_EXHAUSTED", "posting:platform_update"), RECEIPT],
            {},
            id="a-note-to-the-platform-waits-for-nothing",
        ),
    ],
)
def test_what_waits_waits_for_what_can_be_done_now(found, waits):
    assert first(found) == waits
