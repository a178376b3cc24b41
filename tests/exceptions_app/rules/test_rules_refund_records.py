"""Refund records: a payment in the ERP against the credit, one for each refund that was made."""

from decimal import Decimal

import pytest

from connectors.types import Tender
from exceptions_app.rules import erp_facts, planning
from exceptions_app.rules.facts import FeeTarget
from tests.exceptions_app.rules import make

WANTED = make.make_policy(record_refund=True)


def with_tenders(**codes):
    fees = {f"tender:{kind}": FeeTarget("refund", code) for kind, code in codes.items()}
    return make.make_mappings(fee={**make.make_mappings().fee, **fees})


def make_facts(*refunds, policy=WANTED, **changes):
    facts = {"mappings": with_tenders(card="CARD", gift_card="GIFT"), **changes}
    return make.make_facts(refunds=refunds, policy=policy, **facts)


def records(facts):
    return [row for row in planning.plan(facts).postings if row.kind == "refund_record"]


def card(amount="60.00", **changes):
    return make.make_refund(amount, tenders=(Tender("card", Decimal(amount)),), **changes)


def test_a_refund_is_recorded_after_its_credit():
    facts = make_facts(card(reference="ch_1"))

    postings = planning.plan(facts).postings

    assert [(row.slot, row.sequence) for row in postings[-2:]] == [
        ("credit_memo", 40),
        ("refund_record:R-1", 50),
    ]
    (record,) = records(facts)
    (line,) = record.draft.lines
    assert (record.draft.gross, record.draft.units) == (Decimal("60.00"), 0)
    assert (record.draft.tender, record.draft.reference) == ("card", "ch_1")
    assert (line.component, line.net, line.charge_code) == ("refund", Decimal("60.00"), "CARD")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"policy": make.make_policy()}, id="the policy wants none"),
        pytest.param(
            {"erp": erp_facts.ErpFact(creates={"refund_record": "unsupported"})},
            id="the ERP has none",
        ),
        pytest.param({"order": None}, id="there is no credit to hang on"),
        pytest.param({"status_raw": "Pending"}, id="nobody approved the return"),
    ],
)
def test_none_is_planned_and_none_is_missed_where(changes):
    plan = planning.plan(make_facts(card(), **changes))

    assert [row for row in plan.postings if row.kind == "refund_record"] == []
    assert "TENDER_UNMAPPED" not in {finding.type for finding in plan.findings}


def test_a_refund_not_confirmed_is_no_payment():
    facts = make_facts(card(status="pending"), policy=make.make_policy(record_refund=True))

    assert records(facts) == []


def test_each_of_several_refunds_and_means_of_payment_is_recorded():
    split = (Tender("gift_card", Decimal("10.00")), Tender("card", Decimal("20.00")))
    facts = make_facts(make.make_refund("30.00", tenders=split), card("30.00", external_id="R-2"))

    found = {row.slot: row.draft for row in records(facts)}

    assert {slot: draft.gross for slot, draft in found.items()} == {
        "refund_record:R-1:card": Decimal("20.00"),
        "refund_record:R-1:gift_card": Decimal("10.00"),
        "refund_record:R-2": Decimal("30.00"),
    }
    assert found["refund_record:R-1:gift_card"].lines[0].charge_code == "GIFT"


def test_a_refund_that_says_nothing_of_its_means_goes_by_its_processor():
    facts = make_facts(
        make.make_refund(processor="Shopify Payments"),
        mappings=with_tenders(**{"shopify payments": "SHOPPAY"}),
    )

    (record,) = records(facts)

    assert record.draft.lines[0].charge_code == "SHOPPAY"
    assert record.draft.reference == "R-1"


def test_what_stays_on_account_is_no_payment():
    account = make.make_refund(tenders=(Tender("account", Decimal("60.00")),))

    plan = planning.plan(make_facts(account))

    assert [row.kind for row in plan.postings][-1] == "credit_memo"
    assert plan.findings == ()


def test_an_unmapped_means_holds_back_the_record_alone():
    facts = make_facts(card(), mappings=make.make_mappings())

    (finding,) = planning.plan(facts).findings

    assert (finding.type, finding.cause, finding.value) == (
        "TENDER_UNMAPPED",
        "tender:card",
        Decimal("60.00"),
    )
    assert finding.facts["source_value"] == "tender:card"
    assert finding.blocks == {"refund_record"}


def test_a_record_that_left_stays_whatever_became_of_its_refund():
    facts = make_facts(card())
    (record,) = records(facts)
    sent = make.make_posting("refund_record:R-1", record.draft)
    credit = next(row for row in planning.plan(facts).postings if row.slot == "credit_memo")
    left = make.make_posting("credit_memo", credit.draft)

    later = make_facts(card(status="failed"), postings=(left, sent))

    assert [row.draft for row in records(later)] == [record.draft]


def test_another_reference_is_another_document():
    (first,) = records(make_facts(card(reference="ch_1")))
    (second,) = records(make_facts(card(reference="ch_2")))

    assert planning.plan_hash(first.draft) != planning.plan_hash(second.draft)
