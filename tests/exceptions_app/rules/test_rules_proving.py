"""A proof is in the words of its type, and never says more than is known."""

from decimal import Decimal

import pytest

from exceptions_app.rules import proving
from exceptions_app.rules.facts import Finding

FACTS = {"erp": "BlueCherry", "rma": "RMA 7", "kind": "stock_receipt", "sku": "TEE"}
CHECKS = (("item_master", "All 2 SKUs lead to active items"), ("reason", "Every reason is mapped"))


def finding(case_type, subject, *blocks):
    return Finding(case_type, subject, "x", {}, Decimal(0), "none", frozenset(blocks))


def sentence(case_type, part="rma", *, found=(), proved=(), left=(), approval="authorised", **more):
    gone = proving.Gone(case_type, part, FACTS)
    known = proving.Known(found, CHECKS, proved, left, approval, **more)
    return proving.sentence(gone, known)


@pytest.mark.parametrize(
    ("case_type", "part", "values", "expected"),
    [
        pytest.param(
            "SKU_UNKNOWN", "line:1", {}, "All 2 SKUs lead to active items.", id="its-own-check"
        ),
        pytest.param(
            "SKU_UNKNOWN",
            "line:1",
            {"found": (finding("SKU_INACTIVE", "line:1"),)},
            "Told more exactly now: inactive SKU.",
            id="a-closer-type-of-the-same-line",
        ),
        pytest.param(
            "SKU_UNKNOWN",
            "line:1",
            {"found": (finding("REASON_UNMAPPED", "line:1"),)},
            "All 2 SKUs lead to active items.",
            id="another-matter-of-the-same-line",
        ),
        pytest.param(
            "SKU_UNKNOWN",
            "line:1",
            {"approval": "cancelled"},
            "The return is cancelled now: nothing of it is called for.",
            id="called-off",
        ),
        pytest.param(
            "RECEIPT_NOT_POSTED",
            "rma",
            {"proved": ("stock_receipt:10/LEE",)},
            "BlueCherry shows the stock receipt on read-back, with the same units.",
            id="read-back",
        ),
        pytest.param(
            "RECEIPT_NOT_POSTED",
            "rma",
            {"left": ("stock_receipt:10/LEE",)},
            "The document has left, and is read back next.",
            id="sent-and-not-read-back",
        ),
        pytest.param(
            "RECEIPT_NOT_POSTED",
            "rma",
            {},
            "Not late any more by what is known now.",
            id="no-proof",
        ),
        pytest.param(
            "RECEIPT_NOT_POSTED",
            "rma",
            {"has_receipts_of_others": True},
            "BlueCherry shows the stock receipt on read-back, with the same units.",
            id="checked-in-by-the-erp",
        ),
        pytest.param(
            "CM_REJECTED",
            "posting:credit_memo",
            {},
            "The document is not called for as things stand.",
            id="replaced",
        ),
        pytest.param(
            "CM_REJECTED",
            "posting:credit_memo",
            {"called": ("credit_memo",)},
            "The document is called for, and nothing of this stops it now.",
            id="called-for-and-free",
        ),
        pytest.param(
            "OUTCOME_UNKNOWN",
            "posting:credit_memo",
            {"proved": ("credit_memo",), "on_word": ("credit_memo",)},
            "A person found the document and linked it: nothing was sent again.",
            id="linked-by-a-person",
        ),
        pytest.param(
            "ERP_BATCH_WAIT",
            "window:credit_memo",
            {},
            "The window is open, and the document is free to leave.",
            id="window",
        ),
        pytest.param(
            "STATUS_DRIFT",
            "status",
            {"found": (finding("PERIOD_CLOSED", "posting:credit_memo", "credit_memo"),)},
            "Told more exactly now: posting date in a closed period.",
            id="what-stops-it-is-told",
        ),
        pytest.param(
            "B2B_PRICE",
            "refund",
            {"found": (finding("REFUND_OVER_LINE", "line:1"),)},
            "Told more exactly now: refund above the order line.",
            id="another-kind-of-difference",
        ),
    ],
)
def test_what_is_gone_says_why(case_type, part, values, expected):
    assert sentence(case_type, part, **values) == expected


def test_only_what_a_difference_is_about_is_told_as_accepted():
    assert proving.is_accepted(proving.Gone("FEE_MISMATCH", "refund", FACTS))
    assert not proving.is_accepted(proving.Gone("PERIOD_CLOSED", "posting:credit_memo", FACTS))
