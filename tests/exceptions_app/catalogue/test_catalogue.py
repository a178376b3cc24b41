"""Finding the entries, refusing unfit ones, and answering for codes nobody described."""

from dataclasses import replace

import pytest

from exceptions_app import catalogue
from exceptions_app.catalogue import CatalogueError, Step
from exceptions_app.catalogue.entry import flaws
from exceptions_app.choices import FixKind, Severity, Team

SKU_UNKNOWN = catalogue.CATALOGUE["SKU_UNKNOWN"]


def test_a_known_code_gives_its_entry():
    assert catalogue.entry("SKU_UNKNOWN") is SKU_UNKNOWN


def test_an_unknown_code_gives_an_operations_entry_that_says_so():
    found = catalogue.entry("GONE_TYPE")

    assert found.code == "GONE_TYPE"
    assert found.team is Team.OPERATIONS
    assert found.severity is Severity.MEDIUM
    assert catalogue.render(found.title, {}) == "Exception type GONE_TYPE is not in the catalogue"
    assert flaws(found) == ()
    assert "GONE_TYPE" not in catalogue.CATALOGUE


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("", "Exception type without a code is not in the catalogue"),
        ("{erp}", "Exception type erp is not in the catalogue"),
        ("sku_unknown", "Exception type sku_unknown is not in the catalogue"),
    ],
)
def test_an_odd_code_still_gives_an_entry(code, title):
    assert catalogue.render(catalogue.entry(code).title, {"erp": "BlueCherry"}) == title


def test_a_team_gets_its_types_in_blocking_order():
    assert [found.code for found in catalogue.by_team(Team.MERCHANDISING)] == [
        "BUNDLE_PARTIAL",
        "ELIGIBILITY_STALE",
        "PROMO_SKU",
        "SKU_AMBIGUOUS",
        "SKU_INACTIVE",
        "SKU_UNKNOWN",
        "VARIANT_CHANGED",
    ]
    assert [found.code for found in catalogue.by_team(Team.OPERATIONS)][-1] == "STATUS_UNMAPPED"


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        catalogue.CATALOGUE["SKU_UNKNOWN"] = SKU_UNKNOWN


def test_entries_are_collected_sorted_by_code():
    later = replace(SKU_UNKNOWN, code="ZED")

    found = catalogue.collect([("zed", later), ("sku_unknown", SKU_UNKNOWN)])

    assert dict(found) == {"SKU_UNKNOWN": SKU_UNKNOWN, "ZED": later}
    assert list(found) == ["SKU_UNKNOWN", "ZED"]


@pytest.mark.parametrize(
    ("named", "text"),
    [
        pytest.param(
            [("sku_unknown", SKU_UNKNOWN), ("sku_unknown", SKU_UNKNOWN)],
            "sku_unknown: SKU_UNKNOWN is already in the catalogue",
            id="twice",
        ),
        pytest.param(
            [("sku_lost", SKU_UNKNOWN)],
            "sku_lost: the code SKU_UNKNOWN differs from the file name",
            id="other-name",
        ),
        pytest.param(
            [("sku_unknown", replace(SKU_UNKNOWN, sentence="{sku} and {shoe_size}."))],
            "sku_unknown: fact shoe_size is not documented",
            id="unknown-fact",
        ),
        pytest.param(
            [("sku_unknown", replace(SKU_UNKNOWN, consequence=""))],
            "sku_unknown: consequence is empty",
            id="empty",
        ),
    ],
)
def test_an_entry_that_cannot_be_collected_is_named_with_its_reason(named, text):
    with pytest.raises(CatalogueError) as caught:
        catalogue.collect(named)

    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        pytest.param(
            {"group_title": "{sku} in {rma}"},
            "group title uses rma, which cases do not share",
            id="group-title",
        ),
        pytest.param(
            {"playbook": SKU_UNKNOWN.playbook[:2], "actions": ()},
            "playbook has not 3 to 6 steps",
            id="two-steps",
        ),
        pytest.param(
            {"playbook": (Step("A."), Step("B."), Step("C.", FixKind.RETRY))},
            "step action retry is not among the actions",
            id="foreign-action",
        ),
        pytest.param(
            {"playbook": (Step("A."), Step("B."), Step("C.", link="moon"))},
            "step link moon is not a page",
            id="no-page",
        ),
        pytest.param(
            {"actions": (FixKind.SKU_ALIAS, FixKind.CLOSE)},
            "close reasons and the close action must come together",
            id="close-without-reasons",
        ),
        pytest.param(
            {"close_reasons": (("gone", "Gone"),)},
            "close reasons and the close action must come together",
            id="reasons-without-close",
        ),
    ],
)
def test_a_flaw_is_told_in_plain_words(change, flaw):
    assert flaws(replace(SKU_UNKNOWN, **change)) == (flaw,)
