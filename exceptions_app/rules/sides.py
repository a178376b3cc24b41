"""The money of a return on both sides, component by component; neither is shown as the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from exceptions_app.choices import PostingKind, PostingStatus
from exceptions_app.rules import money
from exceptions_app.rules.facts import PostingFact, RmaFacts
from exceptions_app.rules.resolving import ReturnedLine, refund_confirmed, resolve

# In the order of the table. What a platform pays beyond its own lines has no component.
COMPONENTS = {
    "item": "Goods",
    "shipping": "Shipping",
    "duty": "Import duty",
    "fee": "Fees kept back",
    "goodwill": "Goodwill",
    "discount": "Discount",
    "adjustment": "Adjustment",
    "variance": "Difference let pass",
    "found": "Booked beside what was sent",
    "rest": "Not split by component",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One component: the platform's figure, the ERP's, and the first less the second.

    In the return's currency. None is "not known": the platform names no price, or the ERP has
    confirmed no credit in it.
    """

    component: str
    platform: Decimal | None
    erp: Decimal | None

    @property
    def label(self) -> str:
        return COMPONENTS.get(self.component, self.component.capitalize())

    @property
    def difference(self) -> Decimal | None:
        if self.platform is None or self.erp is None:
            return None
        return self.platform - self.erp


def sides(facts: RmaFacts) -> tuple[Side, ...]:
    """Both sides in the order of COMPONENTS, without components neither side has.

    With a confirmed refund the platform's column sums to it; until then it is the claim. The
    ERP's column sums to the confirmed credits. What either has in another currency than the
    return's is in no row: `totals` tells it.
    """
    claimed = _claimed(facts)
    memos = _credits(facts)
    booked = _booked(memos)
    refunded = refund_confirmed(facts)
    if refunded and None not in claimed.values():
        rest = refunded - sum((amount or money.ZERO for amount in claimed.values()), money.ZERO)
        if rest:
            claimed["rest"] = rest
    absent = money.ZERO if memos else None
    return tuple(
        Side(code, claimed.get(code, money.ZERO), booked.get(code, absent))
        for code in dict.fromkeys([*COMPONENTS, *claimed, *booked])
        if code in claimed or code in booked
    )


def _claimed(facts: RmaFacts) -> dict[str, Decimal | None]:
    found: dict[str, Decimal | None] = {}
    for line in resolve(facts).lines:
        if line.is_not_returned:
            continue
        _add(found, _component(line), money.paid_gross(line.fact))
        for fee in line.fact.fees:
            _add(found, "fee", -fee.amount)
    if facts.cancellation_fee:
        _add(found, "fee", -facts.cancellation_fee)
    return found


def _component(line: ReturnedLine) -> str:
    return line.charge.component if line.charge else "item"


def _add(found: dict[str, Decimal | None], component: str, amount: Decimal | None) -> None:
    """One unknown amount makes the whole component unknown."""
    before = found.get(component, money.ZERO)
    found[component] = None if amount is None or before is None else before + amount


def _credits(facts: RmaFacts) -> list[PostingFact]:
    return [
        row
        for row in facts.postings
        if row.kind == PostingKind.CREDIT_MEMO
        and row.status == PostingStatus.CONFIRMED
        and row.currency in {"", facts.currency}
    ]


def _booked(memos: Iterable[PostingFact]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(lambda: money.ZERO)
    for row in memos:
        lines = row.draft.lines if row.draft else ()
        for line in lines:
            found[line.component] += line.net + line.tax
        # A credit linked by hand may differ from what we drafted; its own total is what counts.
        rest = row.gross - sum((line.net + line.tax for line in lines), money.ZERO)
        if rest:
            found["rest"] += rest
    return dict(found)


def is_refunded(facts: RmaFacts) -> bool:
    """Whether the platform's column is money paid, not only claimed."""
    return refund_confirmed(facts) > 0
