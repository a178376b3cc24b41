"""How each setting of a policy is read from what is stored; a value that is not allowed raises.

A reader gives the value as the rules use it, or ValueError, KeyError or InvalidOperation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from exceptions_app import catalogue
from exceptions_app.choices import FixKind, PostingKind
from exceptions_app.rules import amounts, windows
from exceptions_app.rules.penny_parts import NAMES
from exceptions_app.rules.thresholds import GRAVER_ABOVE

Value = object
# As the database keeps amounts.
_AMOUNT_PLACES = 4


def one_of(*values: str) -> Callable[[Value], Value]:
    def read(raw: Value) -> Value:
        if raw in values:
            return raw
        raise ValueError

    return read


def flag(raw: Value) -> bool:
    if isinstance(raw, bool):
        return raw
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    return words[str(raw).strip().casefold()]


def count(minimum: int, maximum: int) -> Callable[[Value], Value]:
    def read(raw: Value) -> Value:
        number = int(amounts.read(raw, places=0))
        if not minimum <= number <= maximum:
            raise ValueError
        return number

    return read


def amount(raw: Value) -> Decimal:
    amount = amounts.read(raw, places=_AMOUNT_PLACES)
    if amount < 0:
        raise ValueError
    return amount


def _table(raw: Value) -> Mapping[str, Value]:
    if not isinstance(raw, Mapping):
        raise ValueError
    return {str(key): value for key, value in raw.items()}


_SIMPLE = frozenset({"immediate", "run"})


def schedule(raw: Value) -> Value:
    table = _table(raw)
    if not set(table) <= set(PostingKind.values):
        raise ValueError
    if not all(
        str(value) in _SIMPLE or windows.is_schedule(str(value)) for value in table.values()
    ):
        raise ValueError
    return MappingProxyType({kind: str(value) for kind, value in table.items()})


def tolerance(raw: Value) -> Value:
    table = _table(raw)
    amounts_by_code = {code.upper(): amount(value) for code, value in table.items()}
    # Written twice in another case, one of the two would be lost without a word.
    if len(amounts_by_code) < len(table) or not set(amounts_by_code) <= amounts.CURRENCIES:
        raise ValueError
    return MappingProxyType(amounts_by_code)


def graver(raw: Value) -> Value:
    """The bridge's own sums beside those of the currencies it does not name."""
    own = tolerance(raw)
    return MappingProxyType({**GRAVER_ABOVE, **own}) if isinstance(own, Mapping) else own


def percents(raw: Value) -> Value:
    table = tolerance(raw)
    if not isinstance(table, Mapping) or any(percent > 100 for percent in table.values()):
        raise ValueError
    return table


def causes(raw: Value) -> Value:
    """Keys such as "GBP_tax": a currency and the name of a cause."""
    table = _table(raw)
    found: dict[str, Decimal] = {}
    for key, value in table.items():
        code, _, name = key.partition("_")
        if code.upper() not in amounts.CURRENCIES or name.lower() not in NAMES:
            raise ValueError
        found[f"{code.upper()}_{name.lower()}"] = amount(value)
    if len(found) < len(table):
        raise ValueError
    return MappingProxyType(found)


def codes(raw: Value) -> tuple[str, ...]:
    """ERP codes, given as a list or as text with commas between them; each once, as written."""
    given = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(given, list | tuple):
        raise ValueError
    return tuple(dict.fromkeys(code for each in given if (code := str(each).strip())))


# From the least to the most that may be asked for.
APPROVALS = ("peer", "finance", "two")


def approvals(raw: Value) -> Value:
    """Keys are codes of changes or of exception types."""
    table = {key: str(value).strip().lower() for key, value in _table(raw).items()}
    known = {str(kind).upper() for kind in FixKind.values if kind != FixKind.CLOSE}
    found = {key.upper(): value for key, value in table.items()}
    if len(found) < len(table) or not set(found) <= known | set(catalogue.CATALOGUE):
        raise ValueError
    if not set(found.values()) <= set(APPROVALS):
        raise ValueError
    return MappingProxyType(found)


# What each part of `rounding` may be; a cash step is an amount, or empty for none.
ROUNDING_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"mode": ("half_up", "half_even"), "scope": ("line", "document")}
)


def rounding(raw: Value) -> Value:
    table = {key: str(value).strip() for key, value in _table(raw).items()}
    for key, value in table.items():
        if key == "cash_step":
            if value and not amount(value):
                raise ValueError
        elif value not in ROUNDING_WORDS[key]:
            raise ValueError
    return MappingProxyType(table)
