"""What is wrong with a whole connection or bridge, seen from time to time: findings of the upkeep.

Each takes what a bounded read found, and decides; nothing here reads or waits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from exceptions_app.rules import item_checks, limits, money
from exceptions_app.rules.facts import Finding
from exceptions_app.rules.item_checks import Compared

# A message is mostly handled within seconds.
MESSAGE_LIMIT = timedelta(minutes=30)
# The item master is read every hour.
ITEMS_LIMIT = timedelta(hours=24)
# So many of the last returns are compared with so many before them.
RECENT, EARLIER = 20, 100
_LEAST_RECENT, _LEAST_EARLIER = 10, 10
# A form is new while fewer than one in so many of those before have it.
_RARE = 5
# New exceptions under a new version of a mapping before it counts as the reason.
REGRESSION = 3
# What comes of waiting may name a mapped place, and no mapping brings it about.
_BY_WAITING = frozenset({"RECEIPT_NOT_POSTED"})
# The month's budget is told of when this share of it is used.
BUDGET_SHARE = Decimal("0.8")
_PLACE_IN_LIST = re.compile(r"\[\d+\]|\b\d+\b")


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """An exception opened lately: what it is about, in its own words."""

    type: str
    words: frozenset[str]
    opened_at: datetime
    value: Decimal
    is_open: bool = True


def backlog(name: str, waiting: Sequence[datetime], now: datetime, most: int) -> list[Finding]:
    """`waiting` are the moments the connection's waiting messages came, `most` how many are read.

    Empty while none of them is too old.
    """
    oldest = min(waiting, default=now)
    if now - oldest < MESSAGE_LIMIT:
        return []
    count = len(waiting)
    shown = f"{count:,} or more" if count >= most else f"{count:,}"
    # Told from the oldest on: how many wait changes with every look, and wakes nobody.
    return [
        _finding(
            "BACKLOG",
            name,
            {
                "connection": name,
                "since": _moment(oldest),
                "waiting": f"{shown} message{'' if count == 1 else 's'}",
                "limit": limits.words(MESSAGE_LIMIT),
            },
        )
    ]


def stale_items(name: str, read_at: datetime, now: datetime) -> list[Finding]:
    if now - read_at < ITEMS_LIMIT:
        return []
    since, limit = _moment(read_at), limits.words(ITEMS_LIMIT)
    told = {
        "connection": name,
        "since": since,
        "limit": limit,
        "why": f"not read since {since}",
        "reason": f"it was last read on {since}, and is due every {limit}",
    }
    return [_finding("ELIGIBILITY_STALE", name, told)]


def differing_items(
    name: str,
    differing: Sequence[Compared],
    exposed: Sequence[tuple[str, Decimal]],
    units: int,
    currency: str,
) -> list[Finding]:
    """Items whose flags the ERP told otherwise than our copy has them (R046).

    `exposed` is what was paid for `units` of them on open returns, by currency; at risk is what is
    in `currency`, and what is in others is named beside it.
    """
    if not differing:
        return []
    count = len(differing)
    told = {
        "connection": name,
        "why": f"{count} item{'' if count == 1 else 's'} {'differs' if count == 1 else 'differ'}",
        "reason": f"asked for live, {item_checks.in_words(differing)}",
        "units": str(units),
        "currency": currency,
    }
    others = [f"{money.exact_text(amount, code)} {code}" for code, amount in exposed]
    others = [text for (code, _), text in zip(exposed, others, strict=True) if code != currency]
    beside = f"; besides {', '.join(others)}" if others else ""
    return [
        _finding(
            "ELIGIBILITY_STALE",
            name,
            told,
            subject="flags",
            value=sum((amount for code, amount in exposed if code == currency), Decimal(0)),
            formula=f"paid for {units} unit{'' if units == 1 else 's'} on open returns{beside}",
        )
    ]


def changed_form(name: str, drifts: Sequence[Iterable[str]]) -> list[Finding]:
    """`drifts` of the newest returns first: a form that most of the newest have and few before."""
    notes = [{_PLACE_IN_LIST.sub("", note) for note in drift} for drift in drifts]
    recent, earlier = notes[:RECENT], notes[RECENT : RECENT + EARLIER]
    if len(recent) < _LEAST_RECENT or len(earlier) < _LEAST_EARLIER:
        return []
    fresh = sorted(
        note
        for note in set().union(*recent)
        if sum(note in row for row in recent) * 2 > len(recent)
        and sum(note in row for row in earlier) * _RARE < len(earlier)
    )
    if not fresh:
        return []
    told = {
        "connection": name,
        "field": "; ".join(fresh)[:200],
        "units": str(sum(bool(set(fresh) & row) for row in recent)),
        "expected": str(len(recent)),
    }
    return [_finding("SCHEMA_CHANGED", fresh[0], told)]


def missing_changes(
    name: str, since: datetime, listed: int, missing: int, value: Decimal
) -> list[Finding]:
    """Of `listed` returns that changed since then, those no message came of (R092, R105).

    `value` is what is refunded for those of them that are known at all.
    """
    if not missing:
        return []
    told = {
        "connection": name,
        "since": _moment(since),
        "expected": f"{listed} return{'' if listed == 1 else 's'}",
        "got": str(listed - missing) if listed > missing else "none",
    }
    formula = "refunds of the missing returns, as far as they are known"
    return [_finding("EVENT_GAP", name, told, value=value, formula=formula)]


def unknown_receipt(
    name: str, number: str, units: int, received_at: datetime, cost: Decimal | None
) -> Finding:
    """Goods that no return announced (R021)."""
    told = {
        "connection": name,
        "number": number,
        "units": str(units),
        "since": _moment(received_at),
    }
    value = cost if cost is not None else Decimal(0)
    formula = "units × unit cost" if cost is not None else "cost not known"
    return _finding(
        "BLIND_RETURN",
        name,
        told,
        subject=f"receipt:{number}",
        value=value,
        formula=formula,
    )


def used_budget(
    used: Mapping[str, Decimal], budgets: Mapping[str, Decimal], period: str
) -> list[Finding]:
    """Currencies whose budget of the month is nearly or wholly used by what was let pass."""
    found = []
    for currency, budget in sorted(budgets.items()):
        amount = used.get(currency, Decimal(0))
        if amount > 0 and amount >= budget * BUDGET_SHARE:
            told = {
                "refund": money.text(amount, currency),
                "line_max": money.text(budget, currency),
                "currency": currency,
                "period": period,
            }
            found.append(
                _finding(
                    "ROUNDING_RESIDUE",
                    f"{currency} {period}",
                    told,
                    subject=f"residue:{currency}:{period}",
                    value=amount,
                    formula="differences let pass, added up without their signs",
                )
            )
    return found


def regression(
    source_value: str, key: str, version: int, since: datetime, opened: Iterable[OpenedCase]
) -> list[Finding]:
    """Exceptions about a mapped value that came with its new version, and not before it."""
    about = [row for row in opened if key in row.words and row.type not in _BY_WAITING]
    before = {row.type for row in about if row.opened_at < since}
    new = [row for row in about if row.opened_at >= since and row.type not in before]
    if len(new) < REGRESSION or not any(row.is_open for row in new):
        return []
    told = {
        "source_value": source_value,
        "number": str(version),
        "units": str(len(new)),
        "since": _moment(since),
    }
    return [
        _finding(
            "MAPPING_REGRESSION",
            key,
            told,
            subject=f"mapping:{key}:{version}"[:160],
            value=sum((row.value for row in new), Decimal(0)),
            formula="sum of the new exceptions",
        )
    ]


def _finding(
    kind: str,
    cause: str,
    facts: dict[str, str],
    *,
    subject: str = "upkeep",
    value: Decimal = Decimal(0),
    formula: str = "not known",
) -> Finding:
    return Finding(
        type=kind,
        subject=f"{kind.lower()}:{subject}",
        cause=cause,
        facts=facts,
        value=value,
        value_formula=formula,
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
