"""Amounts in an ERP's records, and lists of their parts: taxes, discounts, tenders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from connectors import currencies, types
from connectors.profiled.parts import AmountRules
from connectors.profiled.targets import Fact, FactType
from connectors.profiled.trees import Extract

_LONGEST_NUMBER = 40
_TENDERS = frozenset({"card", "gift_card", "store_credit", "account", "cash", "other"})
_SCOPES = frozenset({"line", "order"})


def to_decimal(raw: object) -> Decimal:
    """Read an amount written as a number or as text; raises ValueError for anything else."""
    if isinstance(raw, bool) or not isinstance(raw, (int, str, Decimal)):
        raise ValueError(f"'{raw}' is not a number")
    if len(str(raw)) > _LONGEST_NUMBER:
        raise ValueError("the number is too long")
    amount = Decimal(raw)
    if not amount.is_finite():
        raise ValueError(f"'{raw}' is not a finite number")
    return amount


def is_counted(rules: AmountRules, extract: Extract, fact: Fact) -> bool:
    """Whether the fact is an amount in whole minor units."""
    return fact.type in AMOUNTS and (extract.unit or rules.unit) == "minor"


def from_minor(value: object, currency: str) -> object:
    """An amount, or parts with amounts, counted in minor units, in the currency's own unit.

    Nothing is nothing in every currency. Raises ValueError as `currencies.from_count`.
    """
    if isinstance(value, Decimal):
        return currencies.from_count(value, currency) if value else Decimal(0)
    if isinstance(value, tuple):
        return tuple(replace(part, amount=from_minor(part.amount, currency)) for part in value)
    return value


def taxes(raw: object) -> tuple[types.TaxPart, ...]:
    """One part per code: an ERP may list a code more than once.

    Raises:
        ValueError: no list of objects, or one without its code or amount.
    """
    found: dict[str, Decimal] = {}
    for row in _rows(raw):
        code = _word(row, "code")
        found[code] = found.get(code, Decimal(0)) + to_decimal(row.get("amount"))
    return tuple(types.TaxPart(code, amount) for code, amount in found.items())


def discounts(raw: object) -> tuple[types.DiscountPart, ...]:
    """Raises ValueError as `taxes`, and for an amount below zero."""
    return tuple(
        types.DiscountPart(_word(row, "code"), _positive(row), _scope(row)) for row in _rows(raw)
    )


def tenders(raw: object) -> tuple[types.Tender, ...]:
    """A means of payment we have no word for counts as "other". Raises ValueError as `taxes`."""
    return tuple(types.Tender(_tender(_word(row, "kind")), _positive(row)) for row in _rows(raw))


READERS: Mapping[FactType, Callable[[object], object]] = {
    FactType.TAXES: taxes,
    FactType.DISCOUNTS: discounts,
    FactType.TENDERS: tenders,
}
AMOUNTS = frozenset({FactType.DECIMAL, *READERS})


def _rows(raw: object) -> Iterator[Mapping[str, object]]:
    if not isinstance(raw, list):
        raise ValueError("it is no list")
    for row in raw:
        if not isinstance(row, dict):
            raise ValueError("it holds something that is no object")
        yield row


def _word(row: Mapping[str, object], name: str) -> str:
    word = row.get(name)
    if isinstance(word, bool) or not isinstance(word, (str, int)) or not str(word).strip():
        raise ValueError(f"a part has no {name}")
    return str(word).strip()


def _positive(row: Mapping[str, object]) -> Decimal:
    amount = to_decimal(row.get("amount"))
    if amount < 0:
        raise ValueError("an amount is below zero")
    return amount


def _scope(row: Mapping[str, object]) -> str:
    scope = row.get("scope") or "line"
    if scope not in _SCOPES:
        raise ValueError(f"'{scope}' is neither a line's discount nor an order's")
    return str(scope)


def _tender(word: str) -> str:
    kind = word.casefold().replace(" ", "_").replace("-", "_")
    return kind if kind in _TENDERS else "other"
