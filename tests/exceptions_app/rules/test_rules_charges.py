"""A charge without the ERP's code is missing once, whatever component it was declared as."""

from decimal import Decimal

import pytest

from exceptions_app.rules.facts import FeeTarget
from exceptions_app.rules.planning import plan
from tests.exceptions_app.rules import make


def facts_of(component, **changes):
    manual = make.make_line("M", unit_price="2.40", unit_tax="0.40", items=())
    sold = make.make_order_line("M", net="2.00", tax="0.40", unit_price="2.00")
    return make.make_facts(
        manual,
        order=make.make_order(sold),
        refunds=(make.make_refund("2.40"),),
        mappings=make.make_mappings(fee={"m": FeeTarget(component, "")}),
        **changes,
    )


@pytest.mark.parametrize("component", ["shipping", "fee", "goodwill", "discount", "adjustment"])
def test_a_declared_charge_is_missing_once(component):
    (finding,) = plan(facts_of(component)).findings

    assert (finding.type, finding.subject, finding.cause) == ("COMPONENT_MISSING", "line:1", "m")


def test_a_correction_beside_a_declared_adjustment_is_missing_for_its_own_amount():
    decided = make.make_decisions(credit_adjustment=Decimal("-0.70"))

    found = plan(facts_of("adjustment", decisions=decided)).findings

    missing = {row.subject: row.value for row in found if row.type == "COMPONENT_MISSING"}
    assert missing == {"line:1": Decimal("2.40"), "component:adjustment": Decimal("0.70")}
