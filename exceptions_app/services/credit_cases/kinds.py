"""Every kind of case that can be computed: facts in, the figures by our own rules out.

`solve` gives our figures. `solve_as` gives those of a named policy of another system where that is
one an ERP can have, so that a difference from it can be explained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from exceptions_app.rules import allocation, invoice_tax, settlement
from exceptions_app.rules.reversal import (
    Amounts,
    Anchor,
    Method,
    OverCredit,
    Sold,
    Taken,
    credit_amount,
    credit_units,
)
from exceptions_app.rules.rounding import Mode, Rounding
from exceptions_app.rules.settlement import Order
from exceptions_app.services.credit_cases import reading, reversing
from exceptions_app.services.credit_cases.reading import Node
from exceptions_app.services.credit_cases.reversing import Way

Figures = dict[str, Any]
ZERO = Decimal(0)

# Ways in which other systems round a credit, by the names such policies go by.
_WAYS: dict[str, Way] = {
    "cumulative_half_up": Way(),
    "cumulative_half_even": Way(mode=Mode.HALF_EVEN),
    "cumulative_gross_anchor": Way(anchor=Anchor.GROSS),
    "unit_last_takes_rest": Way(method=Method.UNIT),
    "independent_half_up": Way(method=Method.INDEPENDENT),
    "independent_half_even": Way(method=Method.INDEPENDENT, mode=Mode.HALF_EVEN),
    "independent_up": Way(method=Method.INDEPENDENT, mode=Mode.UP),
    "independent_down": Way(method=Method.INDEPENDENT, mode=Mode.DOWN),
}


def solve(case: Node) -> Figures:
    """Our figures for a case of any kind.

    Raises:
        InvalidCase: something in it cannot be used; nothing was computed.
    """
    kind = case.text("kind")
    if kind not in _KINDS:
        raise case.refuse("kind", f"must be one of {', '.join(sorted(_KINDS))}, not {kind!r}")
    return _KINDS[kind](case)


def solve_as(case: Node, policy: str) -> Figures | None:
    """The figures under another system's `policy`; None when that is not one we can follow."""
    solver = _POLICIES.get(case.text("kind"))
    return solver(case, policy) if solver else None


def _reversal(case: Node) -> Figures:
    return {"memos": reversing.as_json(reversing.memos(case), reading.places(case))}


def _reversal_as(case: Node, policy: str) -> Figures | None:
    way = _WAYS.get(policy)
    if way is None:
        return None
    return {"memos": reversing.as_json(reversing.memos(case, way), reading.places(case))}


# --- Allocation ---------------------------------------------------------------------------------


def _allocation(case: Node) -> Figures:
    return _allocated(case, allocation.largest_remainder)


def _allocation_as(case: Node, policy: str) -> Figures | None:
    if policy == "cumulative":
        return _allocated(case, allocation.running)
    return _allocation(case) if policy == "largest_remainder" else None


def _allocated(
    case: Node, spread: Callable[[Decimal, list[Decimal], int], list[Decimal]]
) -> Figures:
    places, facts = reading.places(case), case.node("input")
    amount = facts.signed("amount", places)
    weights = facts.numbers("weights")
    try:
        return {"shares": _texts(spread(amount, weights, places))}
    except ValueError as error:
        raise facts.refuse("weights", str(error)) from None


# --- Tax of an original document ----------------------------------------------------------------

_OURS = invoice_tax.Policy(invoice_tax.Point.LINE)


def _invoice_tax(case: Node) -> Figures:
    places, is_inclusive = reading.places(case), case.flag("tax_inclusive", default=False)
    by_policy = {
        str(policy): f"{_tax_total(case, policy):f}"
        for policy in invoice_tax.policies(is_inclusive=is_inclusive)
    }
    found = invoice_tax.policy_named(case.text("source_policy", "")) or _OURS
    by_code = invoice_tax.tax_by_code(
        _taxed_lines(case), found, is_inclusive=is_inclusive, places=places
    )
    return {
        "tax_total": f"{sum(by_code.values(), Rounding(places)(0)):f}",
        "by_code": {code: f"{tax:f}" for code, tax in by_code.items()},
        "tax_total_by_policy": by_policy,
    }


def _tax_total(case: Node, policy: invoice_tax.Policy) -> Decimal:
    by_code = invoice_tax.tax_by_code(
        _taxed_lines(case),
        policy,
        is_inclusive=case.flag("tax_inclusive", default=False),
        places=reading.places(case),
    )
    return sum(by_code.values(), Rounding(reading.places(case))(0))


def _taxed_lines(case: Node) -> list[invoice_tax.Line]:
    return [
        invoice_tax.Line(
            amount=row.number("amount"),
            rates=tuple(_rate(tax) for tax in row.nodes("taxes", is_needed=False)),
            quantity=row.quantity("qty", Decimal(1)),
        )
        for row in case.node("input").nodes("lines")
    ]


def _rate(tax: Node) -> invoice_tax.Rate:
    below = tax.list("on_top_of", is_needed=False)
    if not all(isinstance(code, str) for code in below):
        raise tax.refuse("on_top_of", "must name tax codes")
    percent = tax.number("rate")
    if percent < 0:
        raise tax.refuse("rate", "must not be below zero")
    return invoice_tax.Rate(tax.text("code"), percent, tuple(below))


# --- Money without goods ------------------------------------------------------------------------


def _amount_refund(case: Node) -> Figures:
    return _refunded(case, Order.PROPORTIONAL)


def _amount_refund_as(case: Node, policy: str) -> Figures | None:
    if policy not in {"proportional", "sequential"}:
        return None
    return _refunded(case, Order.PROPORTIONAL if policy == "proportional" else Order.LISTED)


def _refunded(case: Node, order: Order) -> Figures:
    places, facts = reading.places(case), case.node("input")
    prices = reversing.prices_of(case)
    lines = [reversing.line(row, places, prices) for row in facts.nodes("lines")]
    refund = facts.amount("refund", places)
    try:
        found = settlement.over_lines(refund, lines, order, places)
    except OverCredit as error:
        raise facts.refuse("refund", f"is more than the {error.left} of all lines") from None
    memo = reversing.Memo(1, tuple(reversing.CreditLine(line.ref, part) for line, part in found))
    as_json = reversing.as_json([memo], places)[0]
    return {"lines": as_json["lines"], "total": as_json["total"]}


def _settlement(case: Node) -> Figures:
    facts = case.node("input")
    found = settlement.settle(
        [entry.number("amount") for entry in facts.nodes("entries")],
        never_charge_customer=facts.flag("never_charge_customer", default=False),
    )
    rounding = Rounding(reading.places(case))
    return {
        "refund_due": f"{rounding(found.refund_due):f}",
        "customer_owes": f"{rounding(found.customer_owes):f}",
    }


def _tender_split(case: Node) -> Figures:
    named = case.text("source_policy", Order.LISTED)
    order = Order(named) if named in set(Order) else Order.LISTED
    places, facts = reading.places(case), case.node("input")
    tenders = {row.text("name"): row.amount("paid", places) for row in facts.nodes("tenders")}
    try:
        shares = settlement.over_tenders(
            facts.amount("refund", places), list(tenders.values()), order, places
        )
    except OverCredit as error:
        raise facts.refuse("refund", f"is more than the {error.left} that was paid") from None
    rounding = Rounding(places)
    return {name: f"{rounding(share):f}" for name, share in zip(tenders, shares, strict=True)}


def _provider_amount(case: Node) -> Figures:
    amount = case.node("input").number("amount")
    return {"minor_units": str(settlement.minor_units(amount, reading.places(case)))}


def _provider_amount_as(case: Node, policy: str) -> Figures | None:
    if policy != "provider_rounds_up":
        return _provider_amount(case) if policy == "exact" else None
    facts = case.node("input")
    step = int(facts.quantity("provider_step", Decimal(1)))
    units = settlement.minor_units(
        facts.number("amount"), reading.places(case), step=max(step, 1), mode=Mode.UP
    )
    return {"minor_units": str(units)}


# --- Checks -------------------------------------------------------------------------------------


def _compare(case: Node) -> Figures:
    facts = case.node("input")
    found = settlement.compare(
        credit=facts.number("expected_credit"),
        refund=facts.number("platform_refund"),
        tolerance=facts.number("tolerance", ZERO),
    )
    difference = Rounding(reading.places(case))(found.difference)
    return {"difference": f"{difference:f}", "exception": found.is_exception}


def _guard(case: Node) -> Figures:
    """Whether a credit is allowed on a line, by what is left of it."""
    places, facts = reading.places(case), case.node("input")
    rounding = Rounding(places)
    gross = facts.amount("line_gross", places)
    credited = facts.amount("already_credited", places, ZERO)
    sold = Fraction(facts.quantity("sold_qty", Decimal(1)))
    line = Sold("line", sold, Amounts(gross), Anchor.GROSS)
    share = Fraction(credited) / Fraction(gross) if gross else Fraction(0)
    before = replace(Taken.nothing(line), share=share, amounts=Amounts(credited))
    left = f"{rounding(gross - credited):f}"
    try:
        if facts.has("received_qty"):
            units = Fraction(facts.quantity("received_qty"))
            given, _ = credit_units(line, before, units, rounding)
        else:
            amount = facts.amount("requested_amount", places)
            given, _ = credit_amount(line, before, amount, Anchor.GROSS, rounding)
    except ValueError:
        return {"decision": "reject", "credit": f"{rounding(0):f}", "left": left}
    return {"decision": "accept", "credit": f"{rounding(given.gross):f}", "left": left}


def _line_net(case: Node) -> Figures:
    facts = case.node("input")
    net = invoice_tax.line_net(
        facts.number("price"),
        facts.number("qty"),
        reading.places(case),
        base_quantity=facts.quantity("base_qty", Decimal(1)),
        charges=facts.numbers("charges", is_needed=False),
        allowances=facts.numbers("allowances", is_needed=False),
    )
    return {"net": f"{net:f}"}


def _memo_rounding(case: Node) -> Figures:
    parts = case.node("input").numbers("parts")
    return {"total": f"{Rounding(reading.places(case)).sum_of(parts):f}"}


def _memo_rounding_as(case: Node, policy: str) -> Figures | None:
    if policy != "sum_then_down":
        return _memo_rounding(case) if policy == "half_up_then_sum" else None
    parts = case.node("input").numbers("parts")
    whole = sum((Fraction(part) for part in parts), Fraction(0))
    return {"total": f"{Rounding(reading.places(case), Mode.DOWN)(whole):f}"}


def _texts(amounts: list[Decimal]) -> list[str]:
    return [f"{amount:f}" for amount in amounts]


_KINDS: dict[str, Callable[[Node], Figures]] = {
    "reversal": _reversal,
    "allocation": _allocation,
    "invoice_tax": _invoice_tax,
    "amount_refund": _amount_refund,
    "settlement": _settlement,
    "tender_split": _tender_split,
    "compare": _compare,
    "guard": _guard,
    "provider_amount": _provider_amount,
    "line_net": _line_net,
    "memo_rounding": _memo_rounding,
}
_POLICIES: dict[str, Callable[[Node, str], Figures | None]] = {
    "reversal": _reversal_as,
    "allocation": _allocation_as,
    "amount_refund": _amount_refund_as,
    "provider_amount": _provider_amount_as,
    "memo_rounding": _memo_rounding_as,
}
