"""Credit quotes as they are shown: figures line by line, and whether they still hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from connectors.types import DraftLine
from exceptions_app.models import CreditQuote
from exceptions_app.rules import drafts, money, quoting


@dataclass(frozen=True, slots=True)
class TaxAmount:
    code: str
    amount: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Texts in the currency's places."""

    net: str
    tax: str
    gross: str
    taxes: tuple[TaxAmount, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A quote with everything a reader needs; `status` is as at the moment it was asked for."""

    id: int
    number: str
    kind: str
    status: str
    bridge: str | None
    order: str | None
    invoice: str | None
    currency: str
    lines: tuple[Mapping[str, Any], ...]
    totals: Figures
    memos: list[dict[str, Any]]
    rounding: Mapping[str, Any] | None
    return_id: int | None
    facts_hash: str
    created_at: datetime
    expires_at: datetime


def detail(quote_id: int) -> QuerySet[CreditQuote]:
    return CreditQuote.objects.select_related("bridge", "order").filter(pk=quote_id)


def status_of(quote: CreditQuote, *, now: datetime) -> str:
    """ "bound" once a return's credit is held against it, whatever the time."""
    if quote.rma_id is not None:
        return "bound"
    if quote.released_at is not None:
        return "replaced"
    return "in_force" if quote.expires_at > now else "expired"


def shown(quote: CreditQuote, *, now: datetime) -> Shown:
    """`quote` comes from `detail`; two queries at most have been made for it."""
    lines = drafts.from_json(quote.draft).lines if quote.draft else ()
    invoice = str(quote.draft.get("invoice_number", "")) if quote.draft else None
    return Shown(
        id=quote.pk,
        number=quote.number,
        kind="order" if quote.draft else "reversal",
        status=status_of(quote, now=now),
        bridge=quote.bridge.code if quote.bridge else None,
        order=quote.order.number if quote.order else None,
        invoice=invoice,
        currency=quote.currency,
        lines=tuple(_line(line, quote, invoice or "") for line in lines),
        totals=_totals(quote, lines),
        memos=quote.memos,
        rounding=_rounding(quote.basis.get("rounding")),
        return_id=quote.rma_id,
        facts_hash=quote.facts_hash,
        created_at=quote.created_at,
        expires_at=quote.expires_at,
    )


def _line(line: DraftLine, quote: CreditQuote, invoice: str) -> Mapping[str, Any]:
    sold = quote.basis["sold"].get(line.order_line_id)
    units, net, tax = quote.basis["taken"].get(line.order_line_id, (None, None, None))[:3]
    figures = _figures(line.net, quoting.tax_by_code(line), quote.currency)
    return {
        "component": line.component,
        "order_line_id": line.order_line_id,
        "invoice": invoice,
        "sku": line.sku,
        "description": line.description,
        "units": line.quantity,
        "sold_units": sold[0] if sold else None,
        "credited_units": units,
        "credited_net": None if net is None else money.text(Decimal(net), quote.currency),
        "credited_tax": None if tax is None else money.text(Decimal(tax), quote.currency),
        "net": figures.net,
        "tax": figures.tax,
        "gross": figures.gross,
        "taxes": figures.taxes,
    }


def _totals(quote: CreditQuote, lines: Iterable[DraftLine]) -> Figures:
    """Of a case from outside, over all its returns."""
    taxes: dict[str, Decimal] = {}
    parts = [quoting.tax_by_code(line) for line in lines]
    parts += [
        {code: Decimal(amount) for code, amount in memo["total"]["taxes"].items()}
        for memo in quote.memos
    ]
    for part in parts:
        for code, amount in part.items():
            taxes[code] = taxes.get(code, money.ZERO) + amount
    if quote.memos:
        # A case may have an exponent of its own; its figures are texts already.
        return _exact(quote, taxes)
    return _figures(quote.net, taxes, quote.currency)


def _exact(quote: CreditQuote, taxes: Mapping[str, Decimal]) -> Figures:
    places = max((_places(memo["total"]["gross"]) for memo in quote.memos), default=0)
    return Figures(
        net=f"{quote.net:.{places}f}",
        tax=f"{quote.tax:.{places}f}",
        gross=f"{quote.gross:.{places}f}",
        taxes=tuple(TaxAmount(code, f"{amount:f}") for code, amount in taxes.items()),
    )


def _places(text: str) -> int:
    return len(text.partition(".")[2])


def _figures(net: Decimal, taxes: Mapping[str, Decimal], currency: str) -> Figures:
    tax = sum(taxes.values(), money.ZERO)
    return Figures(
        net=money.text(net, currency),
        tax=money.text(tax, currency),
        gross=money.text(net + tax, currency),
        taxes=tuple(TaxAmount(code, money.text(part, currency)) for code, part in taxes.items()),
    )


def _rounding(found: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if found is None:
        return None
    policy = found["policy"]
    return {
        "method": "cumulative",
        "places": found["places"],
        "mode": policy.get("mode", "half_up"),
        "scope": policy.get("scope", "line"),
        "cash_step": policy.get("cash_step", ""),
    }
