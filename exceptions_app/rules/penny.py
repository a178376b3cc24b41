"""Refund less credit, broken into named causes that sum to it exactly (R123).

Causes are looked for in one fixed order, each in what the ones before it left:

1. another currency (`fx`) or no refund yet (`not_settled`) is the whole answer;
2. every line: what the platform states for it against what the credit gives (`penny_lines`);
3. fees and charges that both sides name;
4. what is left of the refund, by exact matches with amounts somebody declared (`penny_rest`);
5. the remainder, which is a cause of its own: `unexplained`.

A line's price that was stated and not paid out is set off against the remainder before step 5.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from connectors.types import DocumentDraft
from exceptions_app.choices import RefundStatus
from exceptions_app.rules import credit as memo
from exceptions_app.rules import money
from exceptions_app.rules.facts import RefundFact, RmaFacts
from exceptions_app.rules.penny_lines import line_causes
from exceptions_app.rules.penny_parts import (
    FEE,
    FX,
    GOODWILL,
    NAMES,
    NOT_SETTLED,
    ROUNDING,
    SHIPPING,
    TENDER,
    UNEXPLAINED,
    Cause,
)
from exceptions_app.rules.penny_rest import rest_causes
from exceptions_app.rules.resolving import Resolved, resolve
from exceptions_app.rules.shares import is_credited

# What a charge of a component is called as a cause; an adjustment is goodwill finance gave.
_CHARGES = {
    memo.FEE: FEE,
    memo.SHIPPING: SHIPPING,
    "goodwill": GOODWILL,
    "discount": "discount",
    memo.ADJUSTMENT: GOODWILL,
    memo.VARIANCE: ROUNDING,
    "tender": TENDER,
}
# Components the platform states no figure for: what they hold is looked for in the remainder.
_UNSTATED = (memo.SHIPPING, memo.ADJUSTMENT, memo.VARIANCE, memo.FOUND)
# A stated price that was not paid out is no cause, in this order.
_OFFSET = ("price", "discount", "bundle", "tax", "quantity", "rounding")


@dataclass(frozen=True, slots=True)
class Part:
    """One component of the two documents, and the difference after it, from the top."""

    component: str
    refund: Decimal
    credit: Decimal
    running: Decimal

    @property
    def difference(self) -> Decimal:
        return self.refund - self.credit


@dataclass(frozen=True, slots=True)
class Explanation:
    """`causes` sum to `difference` exactly, greatest first; `parts` are both sides.

    Amounts are in `currency`, that of the credit.
    """

    currency: str
    refund: Decimal
    credit: Decimal
    causes: tuple[Cause, ...]
    parts: tuple[Part, ...] = field(default=())

    @property
    def difference(self) -> Decimal:
        return self.refund - self.credit

    @property
    def main(self) -> str:
        """The name of the cause with the most money; "" when the two agree."""
        return self.causes[0].name if self.causes else ""

    @property
    def is_explained(self) -> bool:
        """Nothing of it is left without a name."""
        return all(cause.name != UNEXPLAINED for cause in self.causes)

    def of(self, name: str) -> Decimal:
        """What all causes of one name come to; 0 when there is none."""
        return sum((row.amount for row in self.causes if row.name == name), money.ZERO)


def explain(resolved: Resolved, credit: DocumentDraft) -> Explanation:
    """Why the confirmed refunds differ from `credit`, planned or sent.

    Refunds in another currency than the credit's are named with both amounts; nothing is added
    across currencies.
    """
    compared = memo.compare(resolved, credit)
    found = Explanation(
        currency=credit.currency or resolved.facts.currency,
        refund=compared.refund,
        credit=compared.credit,
        causes=(),
        parts=_parts(compared),
    )
    return replace(found, causes=_ordered(_causes(resolved, credit, found)))


def of_return(facts: RmaFacts) -> Explanation | None:
    """The same for the credit that was sent, else for the one the facts call for.

    None without an order to reverse, or while there is neither a refund nor one under way.
    """
    if not any(_is_alive(row) for row in facts.refunds):
        return None
    resolved = resolve(facts)
    draft = memo.sent(facts) or memo.draft(
        resolved, posting_date=facts.company_date, authorisation_number=""
    )
    return None if draft is None else explain(resolved, draft)


def _is_alive(row: RefundFact) -> bool:
    return row.status in {RefundStatus.CONFIRMED, RefundStatus.PENDING}


def _parts(compared: memo.Comparison) -> tuple[Part, ...]:
    running, parts = money.ZERO, []
    for row in compared.components:
        running += row.difference
        parts.append(Part(row.name, row.refund, row.credit, running))
    return tuple(parts)


def _ordered(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Most money first; equals in the order of NAMES, then by subject."""
    places = {name: place for place, name in enumerate(NAMES)}
    return tuple(sorted(causes, key=lambda row: (-abs(row.amount), places[row.name], row.subject)))


def _causes(resolved: Resolved, credit: DocumentDraft, found: Explanation) -> list[Cause]:
    facts = resolved.facts
    foreign = [row for row in facts.refunds if _is_foreign(row, facts, found.currency)]
    if foreign:
        return [_fx(foreign, found)]
    if not found.difference:
        return []
    if not any(row.status == RefundStatus.CONFIRMED for row in facts.refunds):
        return [Cause(NOT_SETTLED, found.difference, "refund", {"refund": _text(found, 0)})]
    causes = [*line_causes(resolved, credit), *_charges(resolved, credit, found.currency)]
    rest = found.difference - _sum(causes)
    causes += rest_causes(resolved, credit, rest, found.currency)
    causes = set_off(causes, found.difference - _sum(causes))
    rest = found.difference - _sum(causes)
    if rest:
        given = {"refund": _text(found, found.refund), "credit": _text(found, found.credit)}
        causes.append(Cause(UNEXPLAINED, rest, "refund", given))
    return causes


def _sum(causes: Iterable[Cause]) -> Decimal:
    return sum((cause.amount for cause in causes), money.ZERO)


def _text(found: Explanation, amount: Decimal | int) -> str:
    return money.exact_text(Decimal(amount), found.currency)


def _is_foreign(row: RefundFact, facts: RmaFacts, currency: str) -> bool:
    return row.status == RefundStatus.CONFIRMED and (row.currency or facts.currency) != currency


def _fx(foreign: Sequence[RefundFact], found: Explanation) -> Cause:
    sums: dict[str, Decimal] = {}
    for row in foreign:
        sums[row.currency] = sums.get(row.currency, money.ZERO) + row.amount
    paid = " and ".join(
        f"{money.exact_text(sums[code], code)} {code or 'without a currency'}"
        for code in sorted(sums)
    )
    credited = f"{_text(found, found.credit)} {found.currency}"
    return Cause(FX, found.difference, "refund", {"refund": paid, "credit": credited})


def _charges(resolved: Resolved, credit: DocumentDraft, currency: str) -> Iterator[Cause]:
    """Fees and charges that no order line sold, where both sides' figures differ."""
    stated = _stated_charges(resolved)
    credited: dict[str, Decimal] = {}
    for row in credit.lines:
        if not row.order_line_id:
            gross = row.net + row.tax
            credited[row.component] = credited.get(row.component, money.ZERO) + gross
    for name in sorted({*stated, *credited}):
        if name == memo.ITEM or (name in _UNSTATED and name not in stated):
            continue
        ours, theirs = credited.get(name, money.ZERO), stated.get(name, money.ZERO)
        if theirs != ours:
            given = {
                "refund": money.exact_text(theirs, currency),
                "credit": money.exact_text(ours, currency),
                "component": name,
            }
            yield Cause(_CHARGES.get(name, FEE), theirs - ours, "order", given)


def _stated_charges(resolved: Resolved) -> Mapping[str, Decimal]:
    """What the platform states for fees and charges, by component; a fee kept back is negative."""
    stated: dict[str, Decimal] = {}
    kept = sum(memo.fees(resolved.facts, resolved).values(), money.ZERO)
    if kept:
        stated[memo.FEE] = -kept
    for line in resolved.lines:
        units = resolved.assignment.unmatched.get(line.line_no, 0)
        unit = money.paid_unit_gross(line.fact)
        if line.charge is None or not units or unit is None or not is_credited(resolved, line):
            continue
        name = line.charge.component
        stated[name] = stated.get(name, money.ZERO) + unit * units
    return stated


def set_off(causes: Sequence[Cause], rest: Decimal) -> list[Cause]:
    """`causes` less what the platform stated for lines and the refund did not pay out.

    Only what stands against `rest` is taken off, never more: no cause changes its sign.
    """
    left = list(causes)
    for name in _OFFSET:
        for place, cause in enumerate(left):
            if cause.name != name or rest * cause.amount >= 0 or cause.subject == "order":
                continue
            taken = min(abs(rest), abs(cause.amount))
            taken = taken if cause.amount > 0 else -taken
            left[place] = replace(cause, amount=cause.amount - taken)
            rest += taken
    return [cause for cause in left if cause.amount]


# --- As stored with a finding -----------------------------------------------------------------


def packed(found: Explanation) -> str:
    """The explanation as one line of text, for the facts of a finding."""
    plain = {
        "currency": found.currency,
        "refund": str(found.refund),
        "credit": str(found.credit),
        "causes": [
            [row.name, str(row.amount), row.subject, dict(row.facts)] for row in found.causes
        ],
        "parts": [[row.component, str(row.refund), str(row.credit)] for row in found.parts],
    }
    return json.dumps(plain, sort_keys=True)


def unpacked(text: str) -> Explanation | None:
    """What `packed` wrote; None for nothing, or what an earlier release did not write."""
    if not text:
        return None
    plain = json.loads(text)
    rows = tuple(
        memo.Component(name, Decimal(refund), Decimal(credit))
        for name, refund, credit in plain["parts"]
    )
    refund, credit = Decimal(plain["refund"]), Decimal(plain["credit"])
    return Explanation(
        currency=plain["currency"],
        refund=refund,
        credit=credit,
        causes=tuple(
            Cause(name, Decimal(amount), subject, given)
            for name, amount, subject, given in plain["causes"]
        ),
        parts=_parts(memo.Comparison(refund, credit, rows)),
    )
