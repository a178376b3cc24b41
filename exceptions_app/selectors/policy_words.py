"""A policy as a person says it: the same words on its page, in its history and in the manual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from exceptions_app.catalogue import causes
from exceptions_app.catalogue.wording import SYMBOLS
from exceptions_app.choices import MappingKind, PostingKind
from exceptions_app.rules import money
from exceptions_app.rules import policy as policies
from exceptions_app.rules.policy_values import Value

NO_BREAK = "\N{NO-BREAK SPACE}"
_UNITS = {
    "undo_seconds": "s",
    "unknown_case_after_minutes": "min",
    "credit_grace_hours": "h",
    "receipt_grace_hours": "h",
    "inspection_hours": "h",
    "quarantine_days": "d",
    "refund_days": "d",
    "exchange_hours": "h",
    "drift_hours": "h",
    "accept_days": "d",
    "quote_minutes": "min",
    "arrival_days": "d",
    "promise_days": "d",
}
# Mappings told in one line; a return of many SKUs has many.
_SHOWN = 8


def in_words(option: policies.Option, raw: Value) -> str:
    """A value as the policy keeps it; None is what holds when nothing is said.

    A value that is not allowed any more is shown as it stands: history is not rewritten.
    """
    if raw is None:
        return value_of(option, getattr(policies.parse({}), option.name))
    try:
        return value_of(option, option.read(raw))
    except (ValueError, KeyError, InvalidOperation):
        return str(raw)


def value_of(option: policies.Option, value: Value) -> str:
    """A value as the rules use it, read from a parsed policy."""
    code = str(value).lower() if isinstance(value, bool) else value
    for choice in option.choices:
        if choice.value == code:
            return choice.label
    told = _table(option.name, value) if isinstance(value, Mapping) else None
    if told is not None:
        return told
    if isinstance(value, tuple):
        return ", ".join(value) or _("Every warehouse")
    if isinstance(value, Decimal):
        return f"{value:,}"
    return f"{value} {_UNITS.get(option.name, '')}".strip()


def _table(name: str, table: Mapping[str, Any]) -> str | None:
    """A table of the policy in words; None for an option that has none."""
    if name == "schedule":
        return _schedule(table)
    if name == "rounding":
        return rounding_words(table)
    if name == "approvals":
        asked = [f"{key} {value}" for key, value in sorted(table.items())]
        return ", ".join(asked) or _("Each as its own rule asks")
    if name == "tolerance_causes":
        return ", ".join(_by_cause(table)) or _("Every cause alike")
    if name == "tolerance_percent":
        shares = [f"{currency} {percent:f} %" for currency, percent in sorted(table.items())]
        return ", ".join(shares) or _("No limit in percent")
    sums = ", ".join(_sum(amount, currency) for currency, amount in sorted(table.items()))
    empty = {
        "tolerance": _("To the penny"),
        "tolerance_budget": _("No limit in a month"),
        "graver_above": _("In no currency"),
    }
    return (sums or empty[name]) if name in empty else None


def _by_cause(table: Mapping[str, Decimal]) -> Iterator[str]:
    for key, amount in sorted(table.items()):
        currency, _split, name = key.partition("_")
        yield f"{causes.label(name)} {_sum(amount, currency)}"


def rounding_words(rounding: Mapping[str, str]) -> str:
    """How a credit was, or will be, rounded."""
    scope = (
        _("The document’s sums, spread over its lines")
        if rounding.get("scope") == "document"
        else _("Each line")
    )
    mode = (
        _("halves to the even digit")
        if rounding.get("mode") == "half_even"
        else _("halves away from zero")
    )
    step = rounding.get("cash_step")
    cash = _("cash in steps of {step}").format(step=step) if step else ""
    return ", ".join(filter(None, (scope, mode, cash)))


def maker_words(made_by: Mapping[str, Any]) -> str:
    """What decided a document: its policy, the mappings it rests on, the ERP's profile; or ""."""
    if not made_by:
        return ""
    policy = _("Policy {sign}").format(sign=made_by.get("policy", ""))
    return "; ".join(filter(None, [policy, mapping_words(made_by), made_by.get("profile", "")]))


def mapping_words(made_by: Mapping[str, Any]) -> str:
    """The mappings a document rests on, each with its version; "" where it rests on none."""
    rows = [
        f"{MappingKind(kind).label} “{key}” v{version}"
        for kind, versions in sorted(made_by.get("mappings", {}).items())
        for key, version in sorted(versions.items())
        if kind in MappingKind.values
    ]
    more = [_("and {count} more").format(count=len(rows) - _SHOWN)] if len(rows) > _SHOWN else []
    return "; ".join([*rows[:_SHOWN], *more])


def leaves(schedule: str) -> str:
    """When documents of one kind leave: "immediate", "run" or windows, said as half a sentence."""
    if schedule == "immediate":
        return _("at once")
    if schedule == "run":
        return _("when finance starts a run")
    return _("in the windows {windows}").format(windows=schedule)


def _schedule(table: Mapping[str, str]) -> str:
    if not table:
        return _("Every kind at once")
    named = [f"{PostingKind(kind).label}: {leaves(text)}" for kind, text in sorted(table.items())]
    return "; ".join([*named, _("all others at once")])


def _sum(amount: Decimal, currency: str) -> str:
    """All digits that were given, and never fewer than the currency has."""
    exponent = amount.normalize().as_tuple().exponent
    given = -exponent if isinstance(exponent, int) else 0
    digits = f"{amount:,.{max(money.places(currency), given)}f}"
    # A no-break space keeps the code on the line of its amount.
    return f"{SYMBOLS.get(currency, currency + NO_BREAK)}{digits}"
