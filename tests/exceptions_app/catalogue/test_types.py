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
MERCHANDISING, OPERATIONS, CX = Team.MERCHANDISING, Team.OPERATIONS, Team.CX
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
    "FILE_UNREADABLE": (OPERATIONS, HIGH, "peer", 5, True),
    "BATCH_OVERDUE": (OPERATIONS, HIGH, "none", 5, True),
    "PAYLOAD_INVALID": (OPERATIONS, MEDIUM, "peer", 5, True),
    "OUT_OF_ORDER": (OPERATIONS, LOW, "none", 5, True),
    "DUPLICATE_SIGNAL": (OPERATIONS, INFO, "none", 5, True),
    "SILENT_SUCCESS": (OPERATIONS, CRITICAL, "finance", 5, True),
    "JOB_STUCK": (OPERATIONS, MEDIUM, "none", 5, True),
    "EVENT_GAP": (OPERATIONS, HIGH, "none", 5, True),
    "VARIANT_CHANGED": (MERCHANDISING, MEDIUM, "none", 20, True),
    "BUNDLE_PARTIAL": (MERCHANDISING, HIGH, "finance", 20, True),
    "BUNDLE_CREDIT_LEVEL": (FINANCE, MEDIUM, "finance", 20, True),
    "ITEM_INELIGIBLE": (CX, HIGH, "finance", 20, False),
    "ELIGIBILITY_STALE": (MERCHANDISING, MEDIUM, "none", 20, True),
    "LOT_SERIAL_MISMATCH": (WAREHOUSE, HIGH, "finance", 20, False),
    "RESTOCK_LATE": (WAREHOUSE, HIGH, "none", 40, True),
    "RESTOCK_NO_JOURNAL": (FINANCE, HIGH, "finance", 40, True),
    "PREMATURE_AVAILABILITY": (CX, CRITICAL, "none", 40, True),
    "INSPECTION_OVERDUE": (WAREHOUSE, MEDIUM, "none", 40, True),
    "QUARANTINE_AGED": (WAREHOUSE, MEDIUM, "peer", 40, True),
    "GRADE_MISSING": (WAREHOUSE, MEDIUM, "none", 40, True),
    "WRONG_ITEM": (WAREHOUSE, HIGH, "finance", 40, False),
    "BLIND_RETURN": (WAREHOUSE, MEDIUM, "finance", 40, True),
    "DUPLICATE_STOCK_MOVE": (WAREHOUSE, CRITICAL, "finance", 40, False),
    "STOCK_DRIFT": (WAREHOUSE, HIGH, "peer", 40, True),
    "CREDIT_QTY_GAP": (FINANCE, HIGH, "finance", 40, True),
    "CM_NO_REFUND": (FINANCE, HIGH, "finance", 50, True),
    "RECEIVED_NOT_CREDITED": (FINANCE, HIGH, "none", 50, True),
    "RECEIVED_NOT_REFUNDED": (CX, HIGH, "finance", 50, True),
    "REFUND_BEFORE_RECEIPT": (FINANCE, HIGH, "none", 50, True),
    "CREDIT_BEFORE_RECEIPT": (FINANCE, HIGH, "finance", 50, True),
    "TAX_PRORATA": (FINANCE, HIGH, "finance", 50, True),
    "TAX_CODE_MISMATCH": (FINANCE, HIGH, "finance", 50, True),
    "DISCOUNT_ALLOCATION": (FINANCE, MEDIUM, "finance", 50, True),
    "FEE_MISMATCH": (FINANCE, MEDIUM, "finance", 50, True),
    "ROUNDING_RESIDUE": (FINANCE, LOW, "none", 50, True),
    "SO_NOT_SYNCED": (OPERATIONS, LOW, "none", 10, True),
    "INVOICE_LINK_MISSING": (FINANCE, HIGH, "finance", 50, True),
    "CM_UNALLOCATED": (FINANCE, MEDIUM, "finance", 50, True),
    "CM_DUPLICATE": (FINANCE, CRITICAL, "finance", 50, False),
    "CURRENCY_MISMATCH": (FINANCE, HIGH, "finance", 50, True),
    "B2B_PRICE": (FINANCE, HIGH, "finance", 50, True),
    "B2B_ACCOUNT_CREDIT": (FINANCE, HIGH, "finance", 50, True),
    "TENDER_SPLIT": (FINANCE, MEDIUM, "finance", 50, True),
    "OFF_PLATFORM_REFUND": (FINANCE, CRITICAL, "finance", 50, True),
    "PAYOUT_MISMATCH": (FINANCE, HIGH, "finance", 50, True),
    "JOURNAL_MISMATCH": (FINANCE, HIGH, "finance", 50, False),
    "INSTANT_REJECTED": (FINANCE, HIGH, "finance", 50, True),
    "ERP_EDITED": (FINANCE, HIGH, "finance", 50, False),
    "POST_CLOSE_CHANGE": (FINANCE, CRITICAL, "finance", 50, False),
    "EXCHANGE_ORDER_MISSING": (CX, CRITICAL, "finance", 60, True),
    "EXCHANGE_INCOMPLETE": (CX, HIGH, "none", 60, True),
    "EXCHANGE_FLAGS": (FINANCE, MEDIUM, "finance", 60, True),
    "EXCHANGE_LINK_MISSING": (CX, MEDIUM, "none", 60, True),
    "EXCHANGE_UNBALANCED": (CX, HIGH, "finance", 60, True),
    "EXCHANGE_OOS": (CX, HIGH, "finance", 60, True),
    "STATUS_DRIFT": (CX, MEDIUM, "none", 60, True),
    "PROMISE_BREACH": (CX, HIGH, "none", 60, True),
    "NOTIFY_FAILED": (CX, LOW, "none", 60, True),
    "CANCELLED_AFTER_POST": (FINANCE, HIGH, "finance", 60, False),
    "ERP_BATCH_WAIT": (OPERATIONS, INFO, "none", 5, True),
    "SCHEMA_CHANGED": (OPERATIONS, MEDIUM, "none", 5, True),
    "BACKLOG": (OPERATIONS, MEDIUM, "none", 5, True),
    "MESSAGE_NOT_SENT": (OPERATIONS, MEDIUM, "none", 5, True),
    "MAPPING_REGRESSION": (OPERATIONS, HIGH, "peer", 5, True),
}

ACTIONS = {
    FixKind.SKU_ALIAS: {
        "PROMO_SKU",
        "SKU_AMBIGUOUS",
        "SKU_INACTIVE",
        "SKU_UNKNOWN",
        "VARIANT_CHANGED",
    },
    FixKind.DISPOSITION: {"DISPOSITION_UNMAPPED", "PLACE_UNMAPPED"},
    FixKind.REASON: {"REASON_UNMAPPED"},
    FixKind.LOCATION: {"WAREHOUSE_UNMAPPED", "DIVISION_MISMATCH"},
    FixKind.STATUS: {"STATUS_UNMAPPED"},
    FixKind.VAT: {"VAT_SETTING"},
    FixKind.FEE: {"COMPONENT_MISSING", "TENDER_UNMAPPED"},
    FixKind.SET_LOCATION: {"LOCATION_MISSING"},
    FixKind.LINK_ORDER: {"SO_LINK_MISSING"},
    FixKind.ACCEPT_DIFFERENCE: {
        "B2B_PRICE",
        "BUNDLE_PARTIAL",
        "CURRENCY_MISMATCH",
        "DISCOUNT_ALLOCATION",
        "FEE_MISMATCH",
        "OVER_RETURN",
        "QUOTE_CHANGED",
        "REFUND_CM_MISMATCH",
        "REFUND_OVER_LINE",
        "TAX_PRORATA",
        "TENDER_SPLIT",
    },
    FixKind.CORRECT_CREDIT: {
        "B2B_PRICE",
        "BUNDLE_PARTIAL",
        "CREDIT_QTY_GAP",
        "CURRENCY_MISMATCH",
        "DISCOUNT_ALLOCATION",
        "FEE_MISMATCH",
        "OVER_RETURN",
        "QUOTE_CHANGED",
        "REFUND_CM_MISMATCH",
        "REFUND_OVER_LINE",
        "TAX_PRORATA",
        "TENDER_SPLIT",
    },
    FixKind.POSTING_DATE: {"PERIOD_CLOSED"},
    FixKind.RETRY: {
        "CM_REJECTED",
        "JOB_STUCK",
        "NOTIFY_FAILED",
        "OUTCOME_UNKNOWN",
        "PERIOD_CLOSED",
        "RECEIPT_NOT_POSTED",
        "REFUND_NO_CM",
        "RETRY_EXHAUSTED",
        "SILENT_SUCCESS",
    },
    FixKind.EDIT_DOCUMENT: {"CM_REJECTED", "RECEIPT_NOT_POSTED"},
    FixKind.LINK_DOCUMENT: {
        "CM_DUPLICATE",
        "CM_REJECTED",
        "DUPLICATE_STOCK_MOVE",
        "JOB_STUCK",
        "OUTCOME_UNKNOWN",
        "RECEIPT_NOT_POSTED",
        "REFUND_NO_CM",
        "RETRY_EXHAUSTED",
        "SILENT_SUCCESS",
    },
    FixKind.CLOSE: {
        "B2B_ACCOUNT_CREDIT",
        "BLIND_RETURN",
        "CANCELLED_AFTER_POST",
        "CM_NO_REFUND",
        "CREDIT_BEFORE_RECEIPT",
        "CREDIT_QTY_GAP",
        "DISPOSITION_CONFLICT",
        "DUPLICATE_SIGNAL",
        "ERP_EDITED",
        "EXCHANGE_ORDER_MISSING",
        "EXCHANGE_UNBALANCED",
        "FILE_UNREADABLE",
        "INSTANT_REJECTED",
        "INVOICE_LINK_MISSING",
        "ITEM_INELIGIBLE",
        "LOT_SERIAL_MISMATCH",
        "NOT_ARRIVED",
        "OFF_PLATFORM_REFUND",
        "OUT_OF_ORDER",
        "OVER_RETURN",
        "PAYLOAD_INVALID",
        "PREMATURE_RESTOCK",
        "QTY_OVER",
        "QTY_SHORT",
        "QUARANTINE_AGED",
        "RECEIVED_NOT_REFUNDED",
        "REFUND_BEFORE_RECEIPT",
        "REFUND_OVER_LINE",
        "ROUNDING_RESIDUE",
        "SCHEMA_CHANGED",
        "STEP_UNSUPPORTED",
        "TAX_CODE_MISMATCH",
        "VARIANT_CHANGED",
        "WRONG_DEPOT",
        "WRONG_ITEM",
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


@pytest.mark.lesson(29)
def test_only_types_that_end_by_waiting_are_waiting_types():
    waiting = {found.code for found in ENTRIES if found.is_waiting_type}

    assert waiting == {
        "ERP_BATCH_WAIT",
        "INSPECTION_OVERDUE",
        "OUT_OF_ORDER",
        "QUARANTINE_AGED",
        "RATE_LIMITED",
        "RESTOCK_LATE",
        "SO_NOT_SYNCED",
    }


def test_fact_names_are_documented_once():
    listed = [name for names in FACTS.values() for name in names]

    assert len(listed) == len(set(listed))
    assert all(f"`{name}`" in entry_module.__doc__ for name in listed)
