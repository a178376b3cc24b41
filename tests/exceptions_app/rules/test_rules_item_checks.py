"""When our copy of an item and the ERP's own word differ, and how that is said."""

from decimal import Decimal

import pytest

from exceptions_app.rules import upkeep
from exceptions_app.rules.item_checks import Compared, in_words


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        pytest.param((True, True), (True, True), "", id="the-same"),
        pytest.param((True, True), (True, False), "TEE may not be returned there", id="final-sale"),
        pytest.param((True, False), (True, True), "TEE may be returned there", id="allowed-there"),
        pytest.param((True, True), (False, False), "TEE is switched off there", id="off-there"),
        pytest.param((False, True), (True, True), "TEE is in use there", id="on-there"),
        pytest.param((False, True), (False, False), "", id="off-at-both"),
    ],
)
def test_flags_differ_where_a_return_would_be_judged_otherwise(ours, theirs, words):
    compared = Compared("TEE", *ours, *theirs)

    assert (compared.differs, compared.words) == (bool(words), words)


def test_five_are_named_and_the_others_counted():
    rows = [Compared(f"T{number}", True, True, False, True) for number in range(7)]

    assert in_words(rows[:2]) == "T0 is switched off there, T1 is switched off there"
    assert in_words(rows).endswith("T4 is switched off there, and 2 more")


def test_only_what_is_in_the_exception_s_currency_is_its_value():
    rows = [Compared("TEE", True, True, True, False)]
    exposed = [("EUR", Decimal("8.5000")), ("GBP", Decimal("20.0000"))]

    (told,) = upkeep.differing_items("Prima", rows, exposed, 3, "GBP")

    assert told.value == Decimal("20.0000")
    assert told.value_formula == "paid for 3 units on open returns; besides 8.50 EUR"
    assert told.facts["why"] == "1 item differs"
    assert upkeep.differing_items("Prima", [], (), 0, "GBP") == []
