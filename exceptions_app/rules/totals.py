"""What a return's money comes to on each side, currency by currency; nothing is added across."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from connectors.types import Money
from exceptions_app.choices import PostingKind, PostingStatus, RefundStatus
from exceptions_app.rules import money
from exceptions_app.rules.facts import PostingFact, RefundFact, RmaFacts
from exceptions_app.rules.resolving import resolve


@dataclass(frozen=True, slots=True)
class Totals:
    """Both systems' figures, tax included, each a sum per currency; () where there is none.

    `difference` is refund less credit, in `currency`: only when both are there in one currency.
    `expected` is the same against all credits, those not confirmed included.
    """

    claimed: Decimal
    refunded: tuple[Money, ...]
    refund_ids: tuple[str, ...]
    pending: tuple[Money, ...]
    credited: tuple[Money, ...]
    credit_numbers: tuple[str, ...]
    planned: tuple[Money, ...]
    difference: Money | None
    currency: str
    expected: Money | None = None


@dataclass(frozen=True, slots=True)
class Goods:
    """The items that came or are to come back, without charges; None where a price is not told."""

    units: int
    gross: Decimal | None


def totals(facts: RmaFacts) -> Totals:
    confirmed = [row for row in facts.refunds if row.status == RefundStatus.CONFIRMED]
    pending = [row for row in facts.refunds if row.status == RefundStatus.PENDING]
    memos = [row for row in facts.postings if row.kind == PostingKind.CREDIT_MEMO]
    proved = [row for row in memos if row.status == PostingStatus.CONFIRMED]
    refunded = of_refunds(facts, confirmed)
    credited = of_postings(facts, proved)
    claimed = (money.paid_gross(line) for line in facts.lines)
    return Totals(
        claimed=sum((amount for amount in claimed if amount is not None), money.ZERO),
        refunded=refunded,
        refund_ids=tuple(row.external_id for row in confirmed),
        pending=of_refunds(facts, pending),
        credited=credited,
        credit_numbers=tuple(row.number for row in proved if row.number),
        planned=of_postings(facts, [row for row in memos if row not in proved]),
        difference=difference(refunded, credited),
        currency=facts.currency,
        expected=difference(refunded, of_postings(facts, memos)),
    )


def goods(facts: RmaFacts) -> Goods:
    """Without what the warehouse says was never in the parcel."""
    lines = [
        line.fact for line in resolve(facts).lines if line.is_item and not line.is_not_returned
    ]
    amounts = [money.paid_gross(line) for line in lines]
    known = [amount for amount in amounts if amount is not None]
    return Goods(
        units=sum(line.quantity for line in lines),
        gross=sum(known, money.ZERO) if len(known) == len(amounts) else None,
    )


def of_refunds(facts: RmaFacts, rows: Iterable[RefundFact]) -> tuple[Money, ...]:
    return per_currency(facts.currency, ((row.amount, row.currency) for row in rows))


def of_postings(facts: RmaFacts, rows: Iterable[PostingFact]) -> tuple[Money, ...]:
    return per_currency(facts.currency, ((row.gross, row.currency) for row in rows))


def per_currency(own: str, amounts: Iterable[tuple[Decimal, str]]) -> tuple[Money, ...]:
    """One sum per currency, that of the return first; an amount without a currency is in `own`."""
    sums: dict[str, Decimal] = {}
    for amount, currency in amounts:
        code = currency or own
        sums[code] = sums.get(code, money.ZERO) + amount
    return tuple(
        Money(sums[code], code) for code in sorted(sums, key=lambda code: (code != own, code))
    )


def difference(refunded: tuple[Money, ...], credited: tuple[Money, ...]) -> Money | None:
    """The first less the second, None unless both are one sum in the same currency."""
    if len(refunded) != 1 or len(credited) != 1:
        return None
    (paid,), (booked,) = refunded, credited
    if paid.currency != booked.currency:
        return None
    return Money(paid.amount - booked.amount, paid.currency)
