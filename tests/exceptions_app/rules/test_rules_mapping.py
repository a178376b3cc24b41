"""Look-ups: exact after normalising, and never a guess."""

from datetime import date

import pytest

from exceptions_app.rules import mapping
from exceptions_app.rules.facts import FeeTarget, LocationTarget
from exceptions_app.rules.sale_days import Days
from tests.exceptions_app.rules.make import LEEDS, make_mappings

MAPPINGS = make_mappings(
    sku_alias={"old jeans": "JEANS-32"},
    location={"leeds": LEEDS, "half": LocationTarget("10", "")},
    status={"approved": "authorised", "odd": "nonsense"},
    vat={"prices incl. vat": "included"},
)


@pytest.mark.parametrize("value", ["Old Jeans", " old   jeans ", "OLD\tJEANS"])
def test_letter_case_and_spaces_do_not_matter(value):
    assert mapping.normalise(value) == "old jeans"
    assert mapping.sku_alias(MAPPINGS, value) == "JEANS-32"


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        ("Restockable", "saleable"),
        ("not_restockable", "quarantine"),
        ("not_restockable/Torn", "damaged"),
        ("not_restockable/unheard of", ""),
        ("keep it", "none"),
        ("not_returned", "none"),
        ("not_returned/lost in post", "none"),
        ("rejected/damaged", "none"),
        ("", ""),
    ],
)
def test_a_disposition_leads_to_its_own_bucket_and_to_no_other(disposition, expected):
    assert mapping.bucket(MAPPINGS, disposition) == expected


def test_a_bucket_nobody_knows_counts_as_not_mapped():
    assert mapping.bucket(make_mappings(disposition={"odd": "attic"}), "odd") == ""


def test_a_place_needs_division_and_warehouse():
    assert mapping.location(MAPPINGS, "LEEDS") == LEEDS
    assert mapping.location(MAPPINGS, "half") is None
    assert mapping.location(MAPPINGS, "Hull") is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [("APPROVED", "authorised"), ("odd", "unknown"), ("never seen", "unknown")],
)
def test_a_status_is_unknown_unless_mapped_to_one_of_ours(status, expected):
    assert mapping.approval(MAPPINGS, status) == expected


def test_reason_vat_and_fee_are_found_or_empty():
    assert mapping.reason(MAPPINGS, "too SMALL") == "TS"
    assert mapping.reason(MAPPINGS, "moths") == ""
    assert mapping.vat(MAPPINGS, "Prices incl. VAT") == "included"
    assert mapping.vat(MAPPINGS, "exempt") == ""
    assert mapping.fee(MAPPINGS, "Restocking") == FeeTarget("fee", "RSTK")
    assert mapping.fee(MAPPINGS, "gift wrap") is None


@pytest.mark.parametrize(
    ("fee", "expected"),
    [
        ({"shipping": FeeTarget("shipping", "A"), "x": FeeTarget("shipping", "B")}, "A"),
        ({"y": FeeTarget("shipping", "C"), "x": FeeTarget("shipping", "B")}, "B"),
        ({"shipping": FeeTarget("shipping", ""), "x": FeeTarget("shipping", "B")}, "B"),
        ({"x": FeeTarget("fee", "B")}, ""),
    ],
)
def test_a_component_has_the_code_of_its_name_or_of_the_first_declared_charge(fee, expected):
    assert mapping.charge_for(make_mappings(fee=fee), "shipping") == expected


MAY, JUNE = date(2026, 5, 31), date(2026, 6, 1)


@pytest.mark.parametrize(
    ("days", "sold_on", "alias"),
    [
        pytest.param(Days(), MAY, "TEE", id="always"),
        pytest.param(Days(since=JUNE), MAY, "", id="the-day-before-it-begins"),
        pytest.param(Days(since=JUNE), JUNE, "TEE", id="its-first-day"),
        pytest.param(Days(until=MAY), MAY, "TEE", id="its-last-day"),
        pytest.param(Days(until=MAY), JUNE, "", id="the-day-after-it-ended"),
        pytest.param(Days(JUNE, JUNE), JUNE, "TEE", id="one-day"),
        pytest.param(Days(since=JUNE), None, "TEE", id="nobody-asks-by-day"),
    ],
)
def test_an_alias_answers_on_its_days_of_sale_alone(days, sold_on, alias):
    mappings = make_mappings(
        sku_alias={"old": "TEE"}, sku_days={"old": days} if days.words else {}, sold_on=sold_on
    )

    assert mapping.sku_alias(mappings, "OLD") == alias


def test_what_a_sku_meant_on_the_day_of_sale_is_said_where_its_alias_has_days():
    days = {"old": Days(JUNE, date(2026, 7, 31))}
    asked = {"sku_alias": {"old": "TEE", "any": "TEE"}, "sku_days": days}

    before = make_mappings(sold_on=MAY, **asked)
    within = make_mappings(sold_on=JUNE, **asked)

    told = "from 1 Jun 2026 until 31 Jul 2026"
    assert mapping.meant_at_sale(before, "OLD") == f"stands for itself (for TEE {told})"
    assert mapping.meant_at_sale(within, "OLD") == f"stands for TEE ({told})"
    assert mapping.meant_at_sale(before, "ANY") == ""
