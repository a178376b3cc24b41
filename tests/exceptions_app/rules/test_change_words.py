"""The one sentence that says what a change of a fact is."""

import pytest

from exceptions_app.choices import FixKind
from exceptions_app.rules.change_words import sentence


@pytest.mark.parametrize(
    ("kind", "value", "payload", "said"),
    [
        (
            "location",
            "Bristol pop-up",
            {"division": "10", "warehouse": "LEE"},
            "Map the location Bristol pop-up to 10/LEE",
        ),
        (
            "location",
            "Depot",
            {"division": "", "warehouse": "WH1"},
            "Map the location Depot to WH1",
        ),
        ("reason", "Moth holes", {"code": "DMG"}, "Map the return reason Moth holes to DMG"),
        (
            "reason",
            "Moth holes",
            {"withdraw": "yes"},
            "Take out of force: the return reason Moth holes",
        ),
        (
            "sku_alias",
            "TEE",
            {"sku": "TEE-1", "valid_from": "2026-06-01"},
            "Map the SKU TEE to TEE-1, sold from 1 Jun 2026",
        ),
        ("status", "OnHold", {"axis": "authorised"}, "Map the status OnHold to Authorised"),
        ("vat", "B2B", {"treatment": "exempt"}, "Decide the VAT setting B2B: No VAT at all"),
        ("set_location", "", {"location": "Leeds"}, "Set the location to Leeds"),
        ("link_order", "", {"order_number": "SO-4003"}, "Link the sales order SO-4003"),
        ("accept_difference", "", {"difference": "3.20"}, "Accept the difference of £3.20"),
        ("correct_credit", "", {"adjustment": "-5.00"}, "Correct the credit by −£5.00"),
        ("posting_date", "", {"date": "2026-11-22"}, "Choose the posting date 22 Nov 2026"),
        ("retry", "", {"posting_id": 3, "key": "RC-1"}, "Send again: RC-1"),
        (
            "link_document",
            "",
            {"number": "CM9", "key": "CM-1"},
            "Link an existing document: CM9 as CM-1",
        ),
        ("close", "", {}, "Close with a reason"),
    ],
)
def test_it_names_what_changes_and_to_what(kind, value, payload, said):
    assert sentence(kind, value, payload, "GBP") == said


@pytest.mark.parametrize("kind", FixKind.values)
def test_a_row_that_tells_nothing_reads_as_its_kind(kind):
    assert sentence(kind, "", {}) == FixKind(kind).label
