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


def test_a_refusal_that_passes_is_waited_for_and_sent_again_with_no_field_to_mend():
    facts = {"erp": "BlueCherry", "vendor_text": "Credit run is in use by another user"}
    usual = catalogue.entry("CM_REJECTED", {**facts, "vendor_text": "Item 4 is unknown"})
    passing = catalogue.entry("CM_REJECTED", facts)

    steps = [catalogue.render(step.text, facts) for step in passing.playbook]
    assert steps[:2] == [
        "Wait until it is free in BlueCherry: by its words the refusal passes, and nothing is wrong"
        " with the document.",
        "Then send it again.",
    ]
    assert not any("field it names" in step or "Correct that fact" in step for step in steps)
    assert "the field it names" in usual.playbook[0].text


def test_units_too_many_offer_no_correction_and_say_what_was_refunded():
    facts = {"order": "SO-1", "sold": "1", "sku": "TEE", "rma": "RMA1", "returned": "2"}
    facts |= {"excess": "1", "refund": "40.00", "credit": "20.00", "currency": "GBP"}
    found = catalogue.entry("OVER_RETURN", facts)

    assert FixKind.CORRECT_CREDIT not in {step.action for step in found.playbook}
    assert catalogue.render(found.sentence, facts).endswith(
        "Refunded was £40.00; the units that were sold come to £20.00."
    )


def test_a_quote_that_changed_has_cx_tell_the_customer():
    facts = {"quote": "Q7", "quoted": "20.00", "credit": "16.05", "rma": "RMA1", "currency": "GBP"}
    last = catalogue.entry("QUOTE_CHANGED", facts).playbook[-1]

    assert last.ask == "cx"
    assert catalogue.render(last.question, facts).startswith(
        "Quote Q7 promised £20.00 for return RMA1, and the credit comes to £16.05."
    )


def test_what_is_claimed_back_lets_the_right_credit_leave():
    found = catalogue.entry("REFUND_OVER_LINE", {"excess": "3.20", "currency": "GBP"})
    claimed = next(step for step in found.playbook if "claim it back" in step.text)

    assert claimed.action == FixKind.ACCEPT_DIFFERENCE
