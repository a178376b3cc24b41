"""From a draft to what leaves: body trees and query templates, filled with typed values.

A value our own draft lacks, or that does not fit the profile, is `Rejected` here, before any call,
with the draft's field name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import NoReturn
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors import currencies, errors, types
from connectors.profiled.schema import Profile
from connectors.profiled.trees import (
    MONEY_SOURCES,
    PLACEHOLDER,
    Each,
    ObjectNode,
    QueryValue,
    Value,
    carries_taxes,
    values_of,
)
from connectors.wire_json import encode

JsonValue = str | int | bool | Decimal | None | list["JsonValue"] | dict[str, "JsonValue"]
QueryInput = str | Sequence[str]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MISSING = (None, "")


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a value of a body may name where it stands."""

    draft: types.DocumentDraft | None = None
    line: types.DraftLine | None = None
    tax: types.TaxPart | None = None
    query: Mapping[str, QueryInput] = field(default_factory=dict)

    def each(self, name: str) -> list[_Scope]:
        if name == "query.keys":
            keys = self.query.get("keys", ())
            return [replace(self, query={**self.query, "key": key}) for key in keys]
        if name == "draft.lines":
            return [replace(self, line=line) for line in self.draft.lines] if self.draft else []
        return [replace(self, tax=tax) for tax in self.line.taxes] if self.line else []


class BodyRenderer:
    """Renders the trees of one profile for one connection's settings."""

    def __init__(
        self,
        *,
        profile: Profile,
        settings: Mapping[str, str],
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self._profile = profile
        self._settings = settings
        self._secrets = secrets or {}
        self._converters: dict[str, Callable[[Value, object], JsonValue]] = {
            "text": self._text,
            "note": self._note,
            "integer": self._integer,
            "date": self._date,
            "bool": self._bool,
        }

    def body(self, name: str, draft: types.DocumentDraft, *, wrap_in_array: bool) -> JsonValue:
        """The body called `name`, filled from `draft`.

        Raises:
            Rejected: a value is missing or does not fit; `field` names it in our words.
        """
        tree = self._profile.bodies[name]
        if not carries_taxes(tree):
            _refuse_several_taxes(tree, draft)
        rendered = self._node(tree, _Scope(draft=draft))
        return [rendered] if wrap_in_array else rendered

    def question(self, name: str, values: Mapping[str, QueryInput]) -> JsonValue:
        """The body called `name` of a read, filled from `values`.

        Raises:
            Rejected: a value is empty that the profile does not allow to be, or does not fit.
        """
        return self._node(self._profile.bodies[name], _Scope(query=values))

    def _node(self, node: Value | Each | ObjectNode, scope: _Scope) -> JsonValue:
        if isinstance(node, Value):
            return self._value(node, scope)
        if isinstance(node, Each):
            return [self._node(node.entry, inner) for inner in scope.each(node.each)]
        rendered: dict[str, JsonValue] = {}
        for name, child in node.root.items():
            value = self._node(child, scope)
            if isinstance(child, Value) and child.omit_if_empty and value in _MISSING:
                continue
            if isinstance(child, Each) and child.each == "line.taxes" and not value:
                continue
            rendered[name] = value
        return rendered

    def _value(self, node: Value, scope: _Scope) -> JsonValue:
        if node.const is not None:
            return node.const
        raw = self._resolve(node.source, scope)
        if node.else_from and (raw in _MISSING or self._is_unlisted(node, raw)):
            node, raw = _stand_in(node), self._resolve(node.else_from, scope)
        if raw in _MISSING:
            self._check_missing(node)
            return None if node.as_ in ("decimal", "integer", "bool") else ""
        if node.as_ == "decimal":
            return self._decimal(node, raw, scope)
        return self._converters[node.as_](node, raw)

    def _is_unlisted(self, node: Value, raw: object) -> bool:
        if not node.lookup:
            return False
        table = self._profile.lookups[node.lookup]
        return table.default is None and str(raw) not in table.values

    def _check_missing(self, node: Value) -> None:
        if node.required:
            refuse(node.source, "", "is empty, and the ERP needs it")
        if node.source.startswith("query.") and not node.omit_if_empty:
            refuse(node.source, "", "is empty, and a question without it would read everything")

    def _resolve(self, source: str, scope: _Scope) -> object:
        owner, _, name = source.partition(".")
        match owner:
            case "settings":
                return self._settings.get(name, "").strip()
            case "secret":
                return self._secrets.get(name, "")
            case "query":
                return scope.query.get(name, "")
            case "line" if scope.line is not None:
                return _of_line(scope.line, name)
            case "draft" if scope.draft is not None:
                return _of_draft(scope.draft, name)
        return getattr(scope.tax, name, None)

    def _text(self, node: Value, raw: object) -> JsonValue:
        text = str(raw.value) if isinstance(raw, Enum) else str(raw)
        if node.lookup:
            text = _looked_up(self._profile, node.lookup, node.source, text)
        if _CONTROL.search(text):
            refuse(node.source, text, "holds a control character")
        text = text.upper() if node.upper else text
        if node.max is not None and len(text) > node.max:
            refuse(node.source, text, f"is longer than {node.max} characters")
        return text

    def _note(self, node: Value, raw: object) -> JsonValue:
        text = " ".join(_CONTROL.sub(" ", str(raw)).split())
        text = text.upper() if node.upper else text
        return text[: node.max].rstrip() if node.max is not None else text

    def _decimal(self, node: Value, raw: object, scope: _Scope) -> JsonValue:
        if not isinstance(raw, (Decimal, int)) or isinstance(raw, bool):
            refuse(node.source, str(raw), "is not an amount")
        amount = Decimal(raw)
        if not amount.is_finite():
            refuse(node.source, str(raw), "is not a finite amount", errors.RejectionCode.AMOUNT)
        scale = self._profile.money.scale if node.scale is None else node.scale
        told = f"{scale} decimals"
        is_counted = self._is_counted(node)
        if is_counted:
            amount, scale = _counted(node, amount, scope), 0
            told = "the decimals of its currency"
        rounded = amount.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)
        if node.rounding == "exact" and rounded != amount:
            text = f"has more than {told}, and is never rounded here"
            refuse(node.source, str(raw), text, errors.RejectionCode.AMOUNT)
        signed = -rounded if node.sign == "negative" and rounded else rounded
        if node.number_as == "text":
            return format(signed, "f")
        return int(signed) if is_counted else signed

    def _is_counted(self, node: Value) -> bool:
        """Whether the amount leaves as a whole number of its currency's smallest unit."""
        is_money = node.source in MONEY_SOURCES
        return is_money and (node.unit or self._profile.money.unit) == "minor"

    def _integer(self, node: Value, raw: object) -> JsonValue:
        text = str(raw)
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            refuse(node.source, text, "is not a whole number")
        number = -int(text) if node.sign == "negative" else int(text)
        if node.pad is None:
            return str(number) if node.number_as == "text" else number
        if number < 0 or len(str(number)) > node.pad:
            refuse(node.source, text, f"does not fit {node.pad} digits")
        return str(number).zfill(node.pad)

    def _date(self, node: Value, raw: object) -> JsonValue:
        environment = self._profile.environment
        if isinstance(raw, datetime):
            local = raw.astimezone(ZoneInfo(environment.timezone))
            return local.strftime(node.format or environment.datetime_format)
        if isinstance(raw, date):
            return raw.strftime(node.format or environment.date_format)
        return refuse(node.source, str(raw), "is not a date")

    def _bool(self, node: Value, raw: object) -> JsonValue:
        environment = self._profile.environment
        return environment.yes[0] if raw else environment.no[0]


def _counted(node: Value, amount: Decimal, scope: _Scope) -> Decimal:
    try:
        return currencies.counted(amount, scope.draft.currency if scope.draft else "")
    except ValueError as error:
        text = f"cannot be counted: {error}"
        refuse(node.source, str(amount), text, errors.RejectionCode.AMOUNT)


def _of_line(line: types.DraftLine, name: str) -> object:
    if name == "gross":
        return line.net + line.tax
    if name.startswith("key_parts."):
        return line.key_parts.get(name.partition(".")[2], "")
    return getattr(line, name)


def _of_draft(draft: types.DocumentDraft, name: str) -> object:
    if name.startswith("based_on."):
        return draft.based_on.get(name.partition(".")[2], "")
    raw = getattr(draft, name)
    # Zero means that nobody drew a number from the sequence.
    return None if name == "control_number" and raw == 0 else raw


def _stand_in(node: Value) -> Value:
    return node.model_copy(update={"source": node.else_from, "else_from": "", "lookup": ""})


def _refuse_several_taxes(tree: Value | Each | ObjectNode, draft: types.DocumentDraft) -> None:
    """A body with room for one tax of a line must not lose the others, nor send them as one.

    Only a body that tells the tax code is such a body: stock documents carry no money.
    """
    if not any(value.source == "line.tax_code" for value in values_of(tree)):
        return
    for line in draft.lines:
        if len(line.taxes) > 1:
            codes = ", ".join(part.code for part in line.taxes)
            refuse(
                "line.tax_code",
                codes,
                "are several taxes of one line, and the profile sends one",
                errors.RejectionCode.AMOUNT,
            )


def indented(value: JsonValue, *, depth: int = 0) -> str:
    """The JSON that would be sent, with the same digits, indented for people."""
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict) and value:
        rows = [
            f"{inner}{encode(name)}: {indented(child, depth=depth + 1)}"
            for name, child in value.items()
        ]
        return "{\n" + ",\n".join(rows) + f"\n{outer}}}"
    if isinstance(value, list) and value:
        rows = [inner + indented(child, depth=depth + 1) for child in value]
        return "[\n" + ",\n".join(rows) + f"\n{outer}]"
    return encode(value)


def query(
    *, profile: Profile, templates: Mapping[str, QueryValue], values: Mapping[str, QueryInput]
) -> tuple[tuple[str, str], ...]:
    """Fill query templates. Quotes are doubled inside quoted text; control characters are refused.

    Raises:
        Rejected: a value is empty where the profile does not allow it, or cannot be sent safely.
    """
    filled = []
    for parameter, template in templates.items():
        names = [name for name, _ in PLACEHOLDER.findall(template.value)]
        if template.omit_if_empty and any(values[name] in _EMPTY for name in names):
            continue
        used = {name: _translated(profile, template.lookup, name, values[name]) for name in names}
        filled.append((parameter, _filled(template.value, used)))
    return tuple(filled)


_EMPTY: tuple[QueryInput, ...] = ("", (), [])


def path(template: str, values: Mapping[str, object]) -> str:
    """Fill the placeholders of a path; a value is one step of it, whatever characters it has.

    Raises:
        Rejected: a value is empty, or would lead to another place.
    """
    return PLACEHOLDER.sub(lambda found: _step(found[1], values.get(found[1], "")), template)


def _step(name: str, raw: object) -> str:
    text = str(raw if raw is not None else "")
    if not text.strip(".") or _CONTROL.search(text):
        refuse(name, text, "cannot be a step of an address")
    return quote(text, safe="")


def _translated(profile: Profile, lookup: str, name: str, raw: QueryInput) -> QueryInput:
    if not lookup or not isinstance(raw, str):
        return raw
    return _looked_up(profile, lookup, name, raw)


def _looked_up(profile: Profile, lookup: str, field: str, text: str) -> str:
    table = profile.lookups[lookup]
    found = table.values.get(text, table.default)
    if found is None:
        refuse(field, text, f"is not in the profile's table '{lookup}'")
    return found


def _filled(template: str, values: Mapping[str, QueryInput]) -> str:
    return PLACEHOLDER.sub(lambda found: _fill(found, values), template)


def _fill(found: re.Match[str], values: Mapping[str, QueryInput]) -> str:
    name, filter_name = found.group(1), found.group(2)
    raw = values[name]
    if raw in _EMPTY:
        refuse(name, "", "is empty, and a filter without it would read everything")
    parts = [raw] if isinstance(raw, str) else list(raw)
    for part in parts:
        if _CONTROL.search(part):
            refuse(name, part, "holds a control character")
        if filter_name == "comma" and "," in part:
            refuse(name, part, "holds a comma, which separates keys")
    if filter_name == "comma":
        return ",".join(parts)
    if len(parts) != 1:
        refuse(name, ",".join(parts), "is a list; expected the filter 'comma'")
    return parts[0].replace("'", "''") if filter_name == "quote" else parts[0]


def refuse(
    field: str, value: str, text: str, code: str = errors.RejectionCode.UNCLASSIFIED
) -> NoReturn:
    """Raise `Rejected` for a value of ours that cannot be sent."""
    shown = f" ('{value[:60]}')" if value else ""
    raise errors.Rejected(f"{field}{shown} {text}.", code=code, field=field, value=value)
