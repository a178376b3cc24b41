"""No call at all: the document as a task for a person, with the values to key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from connectors import errors, types
from connectors.http import Reply
from connectors.labels import LABELS
from connectors.profiled import render
from connectors.profiled.parts import Request, create_operation
from connectors.profiled.schema import Profile

_STOCK_KINDS = frozenset(
    {types.DocumentKind.STOCK_RECEIPT, types.DocumentKind.STOCK_MOVE, types.DocumentKind.WRITE_OFF}
)

_HEADER = (
    "key",
    "date",
    "division",
    "warehouse",
    "customer_code",
    "order_number",
    "invoice_number",
    "rma_number",
    "authorisation_number",
    "note",
    "units",
)
_LINE = ("component", "sku", "description", "quantity", "order_line_id", "reason_code", "bucket")
_MONEY_LINE = ("unit_price", "net", "tax", "tax_code")
_MONEY_HEADER = ("tender", "reference", "currency", "net", "tax", "gross")


class ManualTransport:
    """Stands where a system is not called; a profile that gets here has a wrong `support`."""

    def call(
        self,
        *,
        operation: str,
        request: Request,
        query: Sequence[tuple[str, str]] = (),
        body: render.JsonValue = None,
        is_write: bool = False,
    ) -> Reply:
        raise errors.Misconfigured(f"'{operation}' is done by hand here; there is nothing to call.")

    def shown(self, body: render.JsonValue) -> str:
        """The values of a document, for people."""
        return render.indented(body)


def manual_task(*, profile: Profile, draft: types.DocumentDraft) -> types.ManualTask:
    """`draft` as labels and values in keying order; empty values are left out.

    Stock documents show no money.
    """
    operation = profile.operations.get(create_operation(draft.kind))
    title = operation.manual_title if operation else ""
    has_money = draft.kind not in _STOCK_KINDS
    return types.ManualTask(
        title=title or f"Key a {draft.kind.value.replace('_', ' ')} by hand",
        fields=_pairs(profile, draft, _HEADER + (_MONEY_HEADER if has_money else ())),
        lines=tuple(_line(profile, line, has_money=has_money) for line in draft.lines),
    )


def _line(
    profile: Profile, line: types.DraftLine, *, has_money: bool
) -> tuple[tuple[str, str], ...]:
    parts = dict(line.key_parts)
    names = (*_LINE, *parts, *(_MONEY_LINE if has_money else ()))
    pairs = _pairs(profile, line, names, parts)
    if not has_money:
        return pairs
    label = profile.labels.get("tax", LABELS["tax"])
    taxes = tuple((f"{label} {part.code}", _shown(part.amount)) for part in line.taxes)
    return (*pairs, *taxes)


def _pairs(
    profile: Profile,
    owner: types.DocumentDraft | types.DraftLine,
    names: Sequence[str],
    parts: Mapping[str, str] = MappingProxyType({}),
) -> tuple[tuple[str, str], ...]:
    """Labels and values; what the profile's `keying_order` names comes first, in its order."""
    place = {name: number for number, name in enumerate(profile.keying_order)}
    ordered = sorted(dict.fromkeys(names), key=lambda name: place.get(name, len(place)))
    told = ((name, parts.get(name) or _told(owner, name)) for name in ordered)
    return tuple(
        (profile.labels.get(name, LABELS.get(name, name)), text) for name, text in told if text
    )


def _told(owner: types.DocumentDraft | types.DraftLine, name: str) -> str:
    return _shown(getattr(owner, name, "")) if name in LABELS else ""


def _shown(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
