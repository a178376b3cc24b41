"""What every type of the catalogue promises: complete, fillable, in our words, owned as agreed."""

import pkgutil
import re
import sys

import pytest

from exceptions_app import catalogue
from exceptions_app.catalogue import types
from exceptions_app.catalogue.entry import FACT_NAMES, FACTS, LINKS, flaws, templates
from exceptions_app.choices import FixKind, Severity, Team

WAREHOUSE, FINANCE = Team.WAREHOUSE, Team.FINANCE
MERCHANDISING, OPERATIONS = Team.MERCHANDISING, Team.OPERATIONS
INFO, LOW, MEDIUM = Severity.INFO, Severity.LOW, Severity.MEDIUM
HIGH, CRITICAL = Severity.HIGH, Severity.CRITICAL

# code: team, base severity, approval, rank, whether proof may come by itself
OWNERS = {
    "SKU_UNKNOWN": (MERCHANDISING, HIGH, "peer", 20, True),
    "SKU_INACTIVE": (MERCHANDISING, MEDIUM, "peer", 20, True),
    "SKU_AMBIGUOUS": (MERCHANDISING, MEDIUM, "peer", 20, False),
    "PROMO_SKU": (MERCHANDISING, LOW, "peer", 20, True),
    "REASON_UNMAPPED": (WAREHOUSE, MEDIUM, "peer", 20, True),
    "DISPOSITION_UNMAPPED": (WAREHOUSE, HIGH, "peer", 20, True),
    "STATUS_UNMAPPED": (OPERATIONS, MEDIUM, "peer", 20, True),
    "LOCATION_MISSING": (WAREHOUSE, HIGH, "none", 30, True),
    "WAREHOUSE_UNMAPPED": (WAREHOUSE, HIGH, "peer", 30, True),
    "DIVISION_MISMATCH": (WAREHOUSE, HIGH, "peer", 30, True),
    "WRONG_DEPOT": (WAREHOUSE, MEDIUM, "peer", 30, True),
    "QTY_SHORT": (WAREHOUSE, HIGH, "finance", 40, True),
    "QTY_OVER": (WAREHOUSE, MEDIUM, "finance", 40, True),
    "PLACE_UNMAPPED": (WAREHOUSE, HIGH, "peer", 40, True),
    "PREMATURE_RESTOCK": (WAREHOUSE, CRITICAL, "peer", 40, True),
    "NOT_ARRIVED": (WAREHOUSE, MEDIUM, "finance", 40, True),
    "RECEIPT_NOT_POSTED": (WAREHOUSE, HIGH, "none", 40, True),
    "DISPOSITION_CONFLICT": (WAREHOUSE, HIGH, "peer", 40, True),
    "SO_LINK_MISSING": (FINANCE, CRITICAL, "finance", 10, True),
    "OVER_RETURN": (FINANCE, CRITICAL, "finance", 50, False),
    "REFUND_OVER_LINE": (FINANCE, CRITICAL, "finance", 50, False),
    "REFUND_CM_MISMATCH": (FINANCE, HIGH, "finance", 50, True),
    "QUOTE_CHANGED": (FINANCE, HIGH, "finance", 50, True),
    "COMPONENT_MISSING": (FINANCE, HIGH, "finance", 50, True),
    "TENDER_UNMAPPED": (FINANCE, MEDIUM, "finance", 50, True),
    "VAT_SETTING": (FINANCE, HIGH, "finance", 50, True),
    "PERIOD_CLOSED": (FINANCE, HIGH, "finance", 50, True),
    "CM_REJECTED": (FINANCE, HIGH, "finance", 50, True),
    "REFUND_NO_CM": (FINANCE, CRITICAL, "finance", 50, True),
    "STEP_UNSUPPORTED": (OPERATIONS, HIGH, "peer", 5, True),
    "OUTCOME_UNKNOWN": (OPERATIONS, CRITICAL, "finance", 5, True),
    "RETRY_EXHAUSTED": (OPERATIONS, HIGH, "none", 5, True),
    "CONNECTION_DOWN": (OPERATIONS, HIGH, "none", 5, True),
    "AUTH_EXPIRED": (OPERATIONS, HIGH, "none", 5, True),
    "RATE_LIMITED": (OPERATIONS, LOW, "none", 5, True),
    "PAYLOAD_INVALID": (OPERATIONS, MEDIUM, "peer", 5, True),
    "OUT_OF_ORDER": (OPERATIONS, LOW, "none", 5, True),
    "DUPLICATE_SIGNAL": (OPERATIONS, INFO, "none", 5, True),
    "SILENT_SUCCESS": (OPERATIONS, CRITICAL, "finance", 5, True),
    "JOB_STUCK": (OPERATIONS, MEDIUM, "none", 5, True),
    "EVENT_GAP": (OPERATIONS, HIGH, "none", 5, True),
}

ACTIONS = {
    FixKind.SKU_ALIAS: {"SKU_UNKNOWN", "SKU_INACTIVE", "SKU_AMBIGUOUS", "PROMO_SKU"},
    FixKind.DISPOSITION: {"DISPOSITION_UNMAPPED", "PLACE_UNMAPPED"},
    FixKind.REASON: {"REASON_UNMAPPED"},
    FixKind.LOCATION: {"WAREHOUSE_UNMAPPED", "DIVISION_MISMATCH"},
    FixKind.STATUS: {"STATUS_UNMAPPED"},
    FixKind.VAT: {"VAT_SETTING"},
    FixKind.FEE: {"COMPONENT_MISSING", "TENDER_UNMAPPED"},
    FixKind.SET_LOCATION: {"LOCATION_MISSING"},
    FixKind.LINK_ORDER: {"SO_LINK_MISSING"},
    FixKind.ACCEPT_DIFFERENCE: {
        "QUOTE_CHANGED",
        "REFUND_CM_MISMATCH",
        "REFUND_OVER_LINE",
        "OVER_RETURN",
    },
    FixKind.CORRECT_CREDIT: {
        "QUOTE_CHANGED",
        "REFUND_CM_MISMATCH",
        "REFUND_OVER_LINE",
        "OVER_RETURN",
    },
    FixKind.POSTING_DATE: {"PERIOD_CLOSED"},
    FixKind.RETRY: {
        "CM_REJECTED",
        "JOB_STUCK",
        "OUTCOME_UNKNOWN",
        "RECEIPT_NOT_POSTED",
        "REFUND_NO_CM",
        "RETRY_EXHAUSTED",
        "SILENT_SUCCESS",
    },
    FixKind.LINK_DOCUMENT: {
        "CM_REJECTED",
        "JOB_STUCK",
        "OUTCOME_UNKNOWN",
        "RECEIPT_NOT_POSTED",
        "REFUND_NO_CM",
        "RETRY_EXHAUSTED",
        "SILENT_SUCCESS",
    },
    FixKind.CLOSE: {
        "DISPOSITION_CONFLICT",
        "NOT_ARRIVED",
        "OUT_OF_ORDER",
        "OVER_RETURN",
        "PAYLOAD_INVALID",
        "PREMATURE_RESTOCK",
        "PROMO_SKU",
        "QTY_OVER",
        "QTY_SHORT",
        "REFUND_OVER_LINE",
        "STEP_UNSUPPORTED",
        "WRONG_DEPOT",
    },
}

FORBIDDEN = re.compile(
    r"\b(please|successfully|oops|backend|cases?|invalid|timeout|pending)\b|!", re.IGNORECASE
)

entry_module = sys.modules[catalogue.Entry.__module__]

ENTRIES = tuple(catalogue.CATALOGUE.values())
each_entry = pytest.mark.parametrize("found", ENTRIES, ids=lambda found: found.code)


def readable(found):
    return (*templates(found), found.short, *(label for _, label in found.close_reasons))


def test_the_catalogue_holds_exactly_the_agreed_types_in_order():
    assert list(catalogue.CATALOGUE) == sorted(OWNERS)


def test_codes_equal_file_names():
    files = {info.name for info in pkgutil.iter_modules(types.__path__)}

    assert {code.lower() for code in catalogue.CATALOGUE} == files


@each_entry
def test_owner_severity_approval_rank_and_closing_are_as_agreed(found):
    stated = (found.team, found.severity, found.approval, found.rank, found.closes_itself)

    assert stated == OWNERS[found.code]


@pytest.mark.parametrize("action", FixKind)
def test_an_action_is_allowed_exactly_where_it_helps(action):
    assert catalogue.types_with_action(action) == ACTIONS[action]


@each_entry
def test_every_entry_is_fit(found):
    assert flaws(found) == ()


@each_entry
def test_every_entry_reads_well_with_no_facts(found):
    for template in templates(found):
        text = catalogue.render(template, {})

        assert "{" not in text
        assert text[0] in "“" or not text[0].islower()
        assert text.lower().count("not known") >= len(set(re.findall(r"\{\w+\}", template)))


@each_entry
def test_every_entry_shows_each_fact_it_asks_for(found):
    facts = {name: f"<{name}>" for name in FACT_NAMES}

    for template in templates(found):
        text = catalogue.render(template, facts)

        assert "not known" not in text.replace("is not known", "")
        for name in re.findall(r"\{(\w+)\}", template):
            assert f"<{name}>" in text.lower()


@each_entry
def test_every_entry_speaks_our_words(found):
    for text in readable(found):
        assert not FORBIDDEN.search(text), text
        assert "  " not in text
        assert text == text.strip()


@each_entry
def test_titles_are_lines_and_sentences_end(found):
    for title in (found.title, found.group_title, found.short, found.value_note):
        assert not title.endswith(".")
    for sentence in (found.sentence, found.consequence, found.closes_by):
        assert sentence.endswith(".")
    for step in found.playbook:
        assert step.text.endswith((".", "?"))


@each_entry
def test_short_is_a_plain_noun_phrase(found):
    assert "{" not in found.short
    assert len(found.short) <= 45


@each_entry
def test_every_allowed_action_has_a_step_that_leads_to_it(found):
    assert {step.action for step in found.playbook} - {""} == set(found.actions)
    assert {step.link for step in found.playbook} - {""} <= LINKS


@each_entry
def test_requirements_are_numbers(found):
    assert all(re.fullmatch(r"R\d{3}|L\d{2}", number) for number in found.requirements)
    assert len(set(found.requirements)) == len(found.requirements)


def test_only_types_that_end_by_waiting_are_waiting_types():
    waiting = {found.code for found in ENTRIES if found.is_waiting_type}

    assert waiting == {"RATE_LIMITED", "OUT_OF_ORDER"}


def test_fact_names_are_documented_once():
    listed = [name for names in FACTS.values() for name in names]

    assert len(listed) == len(set(listed))
    assert all(f"`{name}`" in entry_module.__doc__ for name in listed)
