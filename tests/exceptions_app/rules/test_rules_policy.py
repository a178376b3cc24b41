"""A bridge's policy: what it may say, and what it says back when it cannot be used."""

from dataclasses import fields
from decimal import Decimal

import pytest

from exceptions_app.choices import ApprovalAxis, Bucket, MappingKind
from exceptions_app.rules.facts import Policy
from exceptions_app.rules.mapping import NO_STOCK
from exceptions_app.rules.policy import OPTIONS, PRESETS, PolicyInvalid, parse


def test_every_field_of_a_policy_has_an_option_that_explains_it():
    assert [option.name for option in OPTIONS] == [field.name for field in fields(Policy)]
    assert all(option.label and option.explanation and option.allowed for option in OPTIONS)


def test_what_is_left_out_keeps_the_default():
    assert parse({}) == Policy()


def test_values_are_read_as_stored_in_json():
    policy = parse(
        {
            "credit_trigger": "goods_received",
            "authorise_first": False,
            "note_to_platform": "yes",
            "schedule": {"credit_memo": "run"},
            "tolerance": {"gbp": "0.05"},
            "undo_seconds": "90",
            "second_approver_above": "1000.00",
        }
    )

    assert (policy.credit_trigger, policy.authorise_first, policy.note_to_platform) == (
        "goods_received",
        False,
        True,
    )
    assert dict(policy.schedule) == {"credit_memo": "run"}
    assert dict(policy.tolerance) == {"GBP": Decimal("0.05")}
    assert (policy.undo_seconds, policy.second_approver_above) == (90, Decimal("1000.00"))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("credit_trigger", "whenever", "refund_confirmed, goods_received, goods_inspected"),
        ("authorise_first", "perhaps", "true, false"),
        ("schedule", {"credit_memo": "sometimes"}, "immediate, run, or windows"),
        ("schedule", {"letter": "run"}, "immediate, run, or windows"),
        ("schedule", "run", "immediate, run, or windows"),
        ("tolerance", {"GBP": 0.05}, "currency code"),
        ("tolerance_percent", {"GBP": "101"}, "currency code"),
        ("tolerance_percent", {"XQZ": "1"}, "currency code"),
        ("tolerance_causes", {"GBP_luck": "1"}, "the causes are"),
        ("tolerance_causes", {"GBP": "1"}, "the causes are"),
        ("tolerance_causes", {"GBP_tax": "1", "gbp_TAX": "2"}, "the causes are"),
        ("tolerance", {"GBP": "-1"}, "currency code"),
        ("tolerance", {"GBP": "NaN"}, "currency code"),
        ("tolerance", {"POUND": "1"}, "currency code"),
        ("tolerance", {"XQZ": "1"}, "currency code"),
        ("tolerance", {"GBP": "1", "gbp": "2"}, "currency code"),
        ("tolerance", {"GBP": "1" * 40}, "currency code"),
        ("tolerance", {"GBP": "1e3"}, "currency code"),
        ("tolerance", {"GBP": "0.00001"}, "currency code"),
        ("tolerance", {"GBP": ["1"]}, "currency code"),
        ("tolerance", [["GBP", "1"]], "currency code"),
        ("second_approver_above", "Infinity", "an amount of 0 or more"),
        ("second_approver_above", "-0.01", "an amount of 0 or more"),
        ("second_approver_above", "9" * 40, "an amount of 0 or more"),
        ("undo_seconds", 3601, "whole seconds from 0 to 3600"),
        ("undo_seconds", "soon", "whole seconds from 0 to 3600"),
        ("undo_seconds", "1_0", "whole seconds from 0 to 3600"),
        ("undo_seconds", "1.0", "whole seconds from 0 to 3600"),
        ("undo_seconds", "9" * 5000, "whole seconds from 0 to 3600"),
        ("inspection_hours", 0, "whole hours from 1 to 720"),
        ("inspection_hours", "721", "whole hours from 1 to 720"),
        ("quarantine_days", 366, "whole days from 1 to 365"),
        ("refund_days", "a week", "whole days from 1 to 90"),
        ("exchange_hours", -1, "whole hours from 1 to 720"),
        ("drift_hours", 1.5, "whole hours from 1 to 720"),
        ("accept_days", 1097, "whole days from 1 to 1096"),
        ("quote_minutes", 0, "whole minutes from 1 to 20160"),
        ("quote_minutes", "20161", "whole minutes from 1 to 20160"),
        ("undo_seconds", True, "whole seconds from 0 to 3600"),
        ("second_approver_above", None, "an amount of 0 or more"),
        ("approvals", {"CM_REJECTED": "three"}, "peer, finance or two"),
        ("approvals", {"NO_SUCH_TYPE": "two"}, "peer, finance or two"),
        ("approvals", {"close": "two"}, "peer, finance or two"),
        ("returns_warehouses", 5, "codes of the ERP"),
        ("first_bucket", "shelf", "by_disposition, quarantine"),
        ("credit_triger", "run", "is not an option"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_what_is(name, value, words):
    with pytest.raises(PolicyInvalid) as caught:
        parse({name: value})

    ((option, text),) = caught.value.problems
    assert option == name
    assert words in text


def test_all_problems_are_told_at_once():
    with pytest.raises(PolicyInvalid) as caught:
        parse({"undo_seconds": -1, "credit_trigger": "x", "receipt_grace_hours": 1})

    assert [name for name, _ in caught.value.problems] == ["undo_seconds", "credit_trigger"]


def test_the_first_preset_is_usable_and_decides_nothing_for_the_customer():
    preset = PRESETS["bluecherry+returngo"]

    assert parse(preset.policy).credit_trigger == "refund_confirmed"
    rows = {(row.kind, row.source_value): row.target for row in preset.mappings}
    assert {kind for kind, _ in rows} == {MappingKind.STATUS, MappingKind.DISPOSITION}
    assert rows["status", "Canceled"] == ApprovalAxis.CANCELLED
    assert rows["status", "Validated"] == ApprovalAxis.AUTHORISED
    assert rows["disposition", "restockable"] == Bucket.SALEABLE
    assert rows["disposition", "not_restockable"] == Bucket.QUARANTINE
    assert len(rows) == 9


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.code)
def test_every_preset_is_usable_and_maps_its_platforms_words_to_codes_we_have(preset):
    parse(preset.policy)

    allowed = {
        MappingKind.STATUS: set(ApprovalAxis.values) - {ApprovalAxis.UNKNOWN},
        MappingKind.DISPOSITION: {*Bucket.values, NO_STOCK},
    }
    assert preset.label
    assert preset.explanation
    assert all(row.target in allowed[row.kind] for row in preset.mappings)
    words = [(row.kind, row.source_value.casefold()) for row in preset.mappings]
    assert len(words) == len(set(words))


def test_the_pairs_have_a_preset_each_and_contradict_each_other_as_their_users_do():
    policies = {code: parse(preset.policy) for code, preset in PRESETS.items()}

    told = {
        code: (row.credit_trigger, row.stock_trigger, row.first_bucket, row.record_refund)
        for code, row in policies.items()
    }
    assert told == {
        "bluecherry+returngo": (
            "refund_confirmed",
            "final_disposition",
            "by_disposition",
            False,
        ),
        "bluecherry+reveni": ("goods_inspected", "receipt_and_grade", "by_disposition", False),
        "prima+returngo": ("refund_confirmed", "final_disposition", "by_disposition", False),
        "brightpearl+returngo": ("goods_received", "erp_receipt", "quarantine", True),
        "netsuite+shopify": ("goods_inspected", "final_disposition", "quarantine", True),
        "file_exchange+returngo": ("refund_confirmed", "erp_receipt", "quarantine", False),
    }


def test_warehouses_are_read_from_a_list_or_from_text():
    assert parse({"returns_warehouses": "RET, RET2,,RET"}).returns_warehouses == ("RET", "RET2")
    assert parse({"returns_warehouses": ["RET"]}).returns_warehouses == ("RET",)
