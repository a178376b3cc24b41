"""Who must agree to a fix, and who may."""

from decimal import Decimal

import pytest

from exceptions_app.choices import FixKind
from exceptions_app.rules.approval import approvers_needed, may_approve, needs_approval
from exceptions_app.rules.facts import Policy

LEVELS = {
    "sku_alias": "peer",
    "disposition": "peer",
    "reason": "peer",
    "location": "peer",
    "status": "peer",
    "vat": "finance",
    "fee": "finance",
    "set_location": "none",
    "link_order": "finance",
    "accept_difference": "finance",
    "correct_credit": "finance",
    "posting_date": "finance",
    "retry": "none",
    "edit_document": "finance",
    "link_document": "finance",
    "close": "none",
}


def test_every_fix_has_its_level():
    assert {kind: needs_approval(kind, Decimal(10), Policy()) for kind in FixKind.values} == LEVELS


@pytest.mark.parametrize(
    ("kind", "case_type", "asked", "expected"),
    [
        ("retry", "", {"RETRY": "peer"}, ("peer", 1)),
        ("sku_alias", "SKU_UNKNOWN", {"SKU_UNKNOWN": "two"}, ("finance", 2)),
        (
            "sku_alias",
            "SKU_UNKNOWN",
            {"SKU_UNKNOWN": "peer", "SKU_ALIAS": "finance"},
            ("finance", 1),
        ),
        ("vat", "", {"VAT": "peer"}, ("finance", 1)),
        ("retry", "CM_REJECTED", {"OTHER": "two"}, ("none", 0)),
    ],
)
def test_a_bridge_may_ask_for_more_by_change_or_type_and_never_for_less(
    kind, case_type, asked, expected
):
    policy = Policy(approvals=asked)

    level = needs_approval(kind, Decimal(0), policy, case_type=case_type)

    assert (level, approvers_needed(kind, Decimal(0), policy, case_type=case_type)) == expected


@pytest.mark.parametrize(
    ("beside", "asked", "expected"),
    [
        ((), {}, ("none", 0)),
        (("RETRY_EXHAUSTED",), {}, ("none", 0)),
        (("OUTCOME_UNKNOWN",), {}, ("finance", 1)),
        (("RETRY_EXHAUSTED", "SILENT_SUCCESS"), {}, ("finance", 1)),
        (("RETRY_EXHAUSTED",), {"RETRY_EXHAUSTED": "peer"}, ("peer", 1)),
        (("OUTCOME_UNKNOWN",), {"OUTCOME_UNKNOWN": "two"}, ("finance", 2)),
    ],
)
def test_the_strictest_exception_about_a_document_decides_for_all_of_them(beside, asked, expected):
    given = {"case_type": "JOB_STUCK", "beside": beside}
    policy = Policy(approvals=asked)

    level = needs_approval("retry", Decimal(0), policy, **given)

    assert (level, approvers_needed("retry", Decimal(0), policy, **given)) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (["quantity", "sku"], "peer"),
        (["net"], "finance"),
        (["sku", "date"], "finance"),
        (None, "finance"),
    ],
)
def test_what_an_edit_changes_decides_who_agrees(changed, expected):
    assert needs_approval("edit_document", Decimal(0), Policy(), changed=changed) == expected


def test_a_fix_nobody_listed_needs_finance():
    assert needs_approval("new_kind", Decimal(0), Policy()) == "finance"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("retry", "9999", 0),
        ("sku_alias", "9999", 1),
        ("accept_difference", "500.00", 1),
        ("accept_difference", "500.01", 2),
        ("accept_difference", "-500.01", 2),
    ],
)
def test_two_of_finance_agree_above_the_threshold(kind, value, expected):
    assert approvers_needed(kind, Decimal(value), Policy()) == expected


@pytest.mark.parametrize(
    ("approver", "roles", "level", "earlier", "is_allowed"),
    [
        (2, {"finance"}, "finance", (), True),
        (2, {"merchandising"}, "finance", (), False),
        (1, {"finance"}, "finance", (), False),
        ("1", {"finance"}, "finance", (), False),
        (2, {"merchandising"}, "peer", (), True),
        (2, {"auditor"}, "peer", (), False),
        (2, set(), "peer", (), False),
        (1, {"merchandising"}, "peer", (), False),
        (1, set(), "none", (), True),
        (2, {"finance"}, "finance", (2,), False),
        (3, {"finance"}, "finance", (2,), True),
    ],
)
def test_nobody_approves_alone_or_without_the_role(approver, roles, level, earlier, is_allowed):
    reason = may_approve(1, approver, roles, level, earlier)

    assert (reason == "") is is_allowed
    assert reason == "" or reason.endswith(".")


def test_money_the_threshold_cannot_be_compared_with_counts_as_above():
    assert approvers_needed("fee", Decimal(1), Policy(), frees_other_money=True) == 2
    assert approvers_needed("sku_alias", Decimal(1), Policy(), frees_other_money=True) == 1
