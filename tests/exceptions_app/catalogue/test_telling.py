"""The words of a type follow the facts of one exception."""

import pytest

from exceptions_app import catalogue
from exceptions_app.choices import FixKind


def _step(difference):
    facts = {"difference": difference, "currency": "GBP", "platform": "ReturnGO", "rma": "RMA1"}
    found = catalogue.entry("REFUND_CM_MISMATCH", facts)
    (step,) = (each for each in found.playbook if each.action == FixKind.ACCEPT_DIFFERENCE)
    return catalogue.render(step.text, facts)


@pytest.mark.parametrize("difference", ["-5.00", "−5.00"])
def test_a_refund_that_is_too_small_is_paid_and_not_claimed_back(difference):
    assert _step(difference) == (
        "If the credit was right, have the missing £5.00 paid in ReturnGO: it closes by itself "
        "then. Or accept the difference with a reason."
    )


def test_a_refund_that_is_too_large_is_claimed_back_or_accepted():
    assert _step("5.00") == (
        "If the credit was right, accept the difference with a reason, or claim it back first."
    )
