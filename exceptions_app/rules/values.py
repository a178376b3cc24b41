"""Value at risk of a finding, with the formula that gave it."""

from __future__ import annotations

from decimal import Decimal

from exceptions_app.choices import RefundStatus
from exceptions_app.rules import money
from exceptions_app.rules.facts import RmaFacts
from exceptions_app.rules.resolving import ReturnedLine

Value = tuple[Decimal, str]


def stock(line: ReturnedLine, currency: str) -> Value:
    """Units × unit cost; what was paid stands in where the master has no cost."""
    units = line.fact.quantity
    if line.item is not None and line.item.unit_cost is not None:
        cost = line.item.unit_cost
        return money.quantise(
            cost * units, currency
        ), f"{units} × {money.exact_text(cost, currency)} unit cost"
    return paid(line, currency)


def paid(line: ReturnedLine, currency: str) -> Value:
    """Units × what the customer paid for one, tax included; 0 when the platform does not say."""
    unit = money.paid_unit_gross(line.fact)
    if unit is None:
        return money.ZERO, "price not known"
    units = line.fact.quantity
    return money.quantise(
        unit * units, currency
    ), f"{units} × {money.exact_text(unit, currency)} paid"


def item(line: ReturnedLine, currency: str) -> Value:
    """Refund gross of the line plus units × cost (exception-type catalogue, family A)."""
    gross, formula = paid(line, currency)
    if line.item is None or line.item.unit_cost is None:
        return gross, formula
    cost, cost_formula = stock(line, currency)
    return gross + cost, f"{formula} + {cost_formula}"


def refund(facts: RmaFacts) -> Value:
    """Sum of refunds that did not fail; without any, what was paid for the lines."""
    amounts = [row.amount for row in facts.refunds if row.status != RefundStatus.FAILED]
    if amounts:
        return sum(amounts, money.ZERO), "refund gross"
    gross = sum((money.paid_gross(line) or money.ZERO for line in facts.lines), money.ZERO)
    return gross, "paid for the returned lines"


def total(values: list[Value]) -> Value:
    """Several values as one, the formulas joined."""
    amount = sum((value for value, _ in values), money.ZERO)
    return amount, " + ".join(formula for _, formula in values)
