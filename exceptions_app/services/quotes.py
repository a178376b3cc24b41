"""Credit quotes: promise what will be credited, keep it, and bind the return it was made for.

An order line is promised to one standing quote at a time, so that what a quote says does not depend
on what becomes of another (decision 0012). The order's row is the lock, as it is for a plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from connectors.errors import ConnectorError
from connectors.types import DocumentDraft
from exceptions_app import errors
from exceptions_app.choices import ApprovalAxis
from exceptions_app.models import Bridge, CreditQuote, CreditTaking, Rma, SalesOrder
from exceptions_app.models.statements import Select
from exceptions_app.rules import credit_findings, drafts, money, quoting
from exceptions_app.rules.facts import FeeFact, OrderFact, RmaFacts
from exceptions_app.rules.mapping import normalise
from exceptions_app.rules.resolving import Resolved, resolve
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import mapping_facts, order_facts
from exceptions_app.services import audit, moments, reference
from exceptions_app.services.credit_cases import kinds
from exceptions_app.services.credit_cases.quote_requests import Asked, AskedLine
from exceptions_app.services.credit_cases.reading import Node

CASE_HOLDS_FOR = timedelta(minutes=30)
LAPSED_KEPT_FOR = timedelta(days=90)
# As the database keeps amounts: 18 digits, 4 of them behind the point.
_MOST_KEPT = Decimal(10) ** 14
_LIVE = (ApprovalAxis.REQUESTED, ApprovalAxis.AUTHORISED, ApprovalAxis.CLOSED, ApprovalAxis.UNKNOWN)
_Quotes = QuerySet[CreditQuote]
_UNBOUND = Select(
    lambda order, bridge, now: CreditQuote.objects.filter(
        order=order,
        bridge=bridge,
        rma__isnull=True,
        released_at__isnull=True,
        expires_at__gt=now,
    ).order_by("pk")
)


def make(
    *, asked: Asked, actor: User | None, now: datetime, idempotency_key: str = ""
) -> tuple[CreditQuote, bool]:
    """Make the quote, or give the one this key made before; and whether it is new.

    `actor` None is the system itself; its keys are its own.

    Raises:
        InvalidCase: bridge, order, line, fee or shipping cannot be used; with its place.
        QuoteKeyTaken: the key belongs to another request.
        QuoteHeld: a line asked for is promised by another standing quote.
        QuoteNotReplaceable: the quote to be replaced binds a return, or stands no longer.
        ErpNotReadable: the order is not known here and the ERP could not be asked.
    """
    known = _known(asked, actor, idempotency_key)
    if known is not None:
        return known, False
    order = None if asked.case is not None else _order(asked, now)
    try:
        with transaction.atomic():
            return _make(asked, order, actor, now, idempotency_key)
    except IntegrityError:
        # The same key for another order at the same moment: the lock of one order does not help.
        known = _known(asked, actor, idempotency_key)
        if known is None:
            raise
        return known, False


def bind(*, rma: Rma, facts: RmaFacts, now: datetime) -> RmaFacts:
    """`facts` with the quote made for this very return, if one stands; called under the order lock.

    From then on the return's credit is compared with it, also after its time is over.
    """
    if facts.quote is not None or facts.order is None or rma.sales_order_id is None:
        return facts
    standing = _UNBOUND.rows(order=rma.sales_order_id, bridge=rma.bridge_id, now=now)
    resolved = resolve(facts) if standing else None
    for quote in standing:
        if resolved is None or not quoting.is_bindable(resolved, quote.units):
            continue
        unbound = CreditQuote.objects.filter(
            pk=quote.pk, rma__isnull=True, released_at__isnull=True
        )
        if unbound.update(rma=rma, bound_at=now) != 1:
            continue
        quote.rma = rma
        audit.record(
            actor=None,
            act="quote.bind",
            subject=quote,
            text=f"The credit of {rma} is bound to quote {quote.number}",
            now=now,
            rma_id=rma.pk,
            after={"gross": str(quote.gross), "currency": quote.currency},
        )
        return replace(
            facts,
            quote=facts_selector.quote_fact(quote),
            is_shipping_promised=quote.has_shipping,
        )
    return facts


def standing_for(*, order_id: int, now: datetime) -> _Quotes:
    """Quotes whose promise of this order's units is still open, oldest first.

    One that binds a return stands until that return's credit took the units, or it is called off.
    """
    taken = CreditTaking.objects.filter(posting__rma=OuterRef("rma"), order=OuterRef("order"))
    return (
        CreditQuote.objects.filter(order=order_id, released_at__isnull=True)
        .filter(
            Q(rma__isnull=True, expires_at__gt=now)
            | Q(~Exists(taken), rma__isnull=False, rma__approval__in=_LIVE)
        )
        .order_by("pk")
    )


def forget_lapsed(*, now: datetime) -> int:
    """Delete quotes that bound nothing and lapsed long ago; returns how many."""
    old = CreditQuote.objects.filter(rma__isnull=True, expires_at__lt=now - LAPSED_KEPT_FOR)
    ids = list(old.order_by("expires_at").values_list("pk", flat=True)[:500])
    CreditQuote.objects.filter(pk__in=ids).delete()
    return len(ids)


# --- Making one --------------------------------------------------------------------------------


def _known(asked: Asked, actor: User | None, key: str) -> CreditQuote | None:
    if not key:
        return None
    known = CreditQuote.objects.filter(created_by=_user_name(actor), idempotency_key=key).first()
    if known is not None and known.request_hash != asked.digest:
        raise errors.QuoteKeyTaken(
            f"This idempotency key was used for quote {known.number} with another body."
        )
    return known


def _user_name(actor: User | None) -> str:
    return actor.get_username() if actor is not None else audit.SYSTEM


def _order(asked: Asked, now: datetime) -> tuple[Bridge, SalesOrder]:
    bridge = (
        Bridge.objects.select_related("erp", "source")
        .filter(code=asked.bridge, is_active=True)
        .first()
    )
    if bridge is None:
        raise errors.InvalidCase("bridge", "no bridge in use has this code")
    try:
        order = reference.order_numbered(bridge=bridge, number=asked.order, now=now)
    except ConnectorError as error:
        raise errors.ErpNotReadable(
            f"Order {asked.order} is not known here, and {bridge.erp.name} could not be asked:"
            f" {error.text}"
        ) from error
    if order is None:
        raise errors.InvalidCase("order", f"{bridge.erp.name} has no order of this number")
    return bridge, order


def _make(
    asked: Asked,
    place: tuple[Bridge, SalesOrder] | None,
    actor: User | None,
    now: datetime,
    key: str,
) -> tuple[CreditQuote, bool]:
    quote = CreditQuote(
        idempotency_key=key,
        request_hash=asked.digest,
        created_by=_user_name(actor),
        created_at=now,
        expires_at=now + CASE_HOLDS_FOR,
    )
    if place is None:
        _fill_from_case(quote, asked)
    else:
        # One request at a time for one order; whoever waited sees what the other made.
        SalesOrder.objects.select_for_update().get(pk=place[1].pk)
        known = _known(asked, actor, key)
        if known is not None:
            return known, False
        _fill_from_order(quote, asked, *place, now)
    quote.save()
    if asked.replaces is not None:
        CreditQuote.objects.filter(pk=asked.replaces).update(released_at=now)
    audit.record(
        actor=actor,
        act="quote.create",
        subject=quote,
        text=_told(quote, asked),
        now=now,
        after={"gross": str(quote.gross), "currency": quote.currency, "units": quote.units},
    )
    return quote, True


def _told(quote: CreditQuote, asked: Asked) -> str:
    what = f"order {asked.order}" if asked.case is None else "a case from outside"
    instead = f", in place of Q-{asked.replaces}" if asked.replaces is not None else ""
    amount = f"{money.text(quote.gross, quote.currency)} {quote.currency}"
    return f"Quoted {amount} for {what}, until {moments.written(quote.expires_at)}{instead}"


def _fill_from_case(quote: CreditQuote, asked: Asked) -> None:
    case = asked.case or Node({})
    memos = kinds.solve(case)["memos"]
    quote.memos = memos
    quote.currency = case.text("currency")
    quote.net = sum((Decimal(memo["total"]["net"]) for memo in memos), money.ZERO)
    quote.tax = sum((Decimal(memo["total"]["tax"]) for memo in memos), money.ZERO)
    quote.gross = quote.net + quote.tax
    if max(abs(quote.net), abs(quote.tax), abs(quote.gross)) >= _MOST_KEPT:
        raise errors.InvalidCase("input", "comes to more than can be kept")
    quote.facts_hash = asked.digest


def _fill_from_order(
    quote: CreditQuote, asked: Asked, bridge: Bridge, order: SalesOrder, now: datetime
) -> None:
    order.refresh_from_db()
    fact = order_facts.of(order, excluding_rma_id=None)
    policy = facts_selector.policy_of(bridge)
    wanted = quoting.Wanted(
        units=_units(asked.lines, fact),
        fees=_fees(asked, fact),
        has_shipping=asked.has_shipping,
        is_tax_included=asked.is_tax_included,
    )
    facts = quoting.facts_for(
        wanted,
        order=fact,
        mappings=mapping_facts.at_sale(
            mapping_facts.of_bridge(bridge, sku_keys={normalise(row.sku) for row in fact.lines}),
            ordered_at=order.ordered_at,
            bridge=bridge,
        ),
        policy=policy,
        bridge_code=bridge.code,
        timezone=bridge.timezone,
        now=now,
    )
    resolved = resolve(facts)
    draft = _checked(asked, resolved)
    # Of a bundle's parts, what is promised is the line that bears the price.
    units = quoting.units_of(resolved)
    _check_held(asked, units, order, now)
    found = quoting.basis(resolved)
    quote.bridge, quote.order = bridge, order
    quote.units = units
    quote.draft = drafts.to_json(draft)
    quote.basis = found
    quote.facts_hash = quoting.digest(found)
    quote.currency = draft.currency
    quote.net, quote.tax, quote.gross = draft.net, draft.tax, draft.gross
    quote.expires_at = now + timedelta(minutes=policy.quote_minutes)


def _units(lines: Iterable[AskedLine], order: OrderFact) -> dict[str, int]:
    """Units by order line; every line known, named once, and with that many units left."""
    found: dict[str, int] = {}
    for asked in lines:
        name = "order_line_id" if asked.line_id else "sku"
        rows = [
            row
            for row in order.lines
            if (row.line_id == asked.line_id if asked.line_id else row.sku == asked.sku)
        ]
        if len(rows) != 1:
            reason = (
                "is on no line of the order" if not rows else "is on several lines; give the id"
            )
            raise errors.InvalidCase(f"{asked.path}.{name}", reason)
        row = rows[0]
        if row.line_id in found:
            raise errors.InvalidCase(f"{asked.path}.{name}", "names a line a second time")
        left = max(0, row.quantity - row.credited_units)
        if asked.units > left:
            raise errors.InvalidCase(
                f"{asked.path}.units",
                f"only {left} of {row.quantity} are left of line {row.line_id}",
            )
        found[row.line_id] = asked.units
    return found


def _fees(asked: Asked, order: OrderFact) -> tuple[FeeFact, ...]:
    for fee in asked.fees:
        if money.quantise(fee.amount, order.currency) != fee.amount:
            places = money.places(order.currency)
            raise errors.InvalidCase(
                f"{fee.path}.amount", f"has more than the {places} places of {order.currency}"
            )
    if asked.fees and not asked.lines:
        raise errors.InvalidCase("fees", "are kept back of lines; name the lines")
    return tuple(FeeFact(fee.kind, fee.amount) for fee in asked.fees)


def _checked(asked: Asked, resolved: Resolved) -> DocumentDraft:
    """The draft, once every unit asked for has its order line."""
    order = resolved.facts.order
    if resolved.assignment.unmatched:
        raise errors.InvalidCase("lines", "an order line without a SKU of its own cannot be quoted")
    if asked.has_shipping and (order is None or not quoting.is_shipping_quotable(order, resolved)):
        raise errors.InvalidCase("shipping", "nothing is left of the order’s shipping to credit")
    draft = quoting.draft_of(resolved)
    if draft is None or draft.gross < 0:
        raise errors.InvalidCase("fees", "come to more than is credited for the lines")
    _check_creditable(resolved, draft)
    return draft


def _check_creditable(resolved: Resolved, draft: DocumentDraft) -> None:
    """Refuse to promise what a plan would stop: no rule for the VAT, or nothing left of the order.

    A charge without a code, or a gift, stops a credit as well; its figure stays the same.
    """
    for finding in credit_findings.findings(resolved, draft):
        if finding.type == "VAT_SETTING":
            setting = finding.facts["setting"]
            raise errors.InvalidCase(
                "order", f"no rule fits its VAT setting “{setting}”; finance decides it first"
            )
        if finding.type == "OVER_RETURN":
            left, currency = finding.facts["line_max"], finding.facts["currency"]
            raise errors.InvalidCase(
                "lines", f"only {left} {currency} of the order is left, over all its refunds"
            )


def _check_held(asked: Asked, units: Mapping[str, int], order: SalesOrder, now: datetime) -> None:
    """Refuse what another standing quote promises; the one to be replaced may promise it."""
    standing = list(standing_for(order_id=order.pk, now=now))
    if asked.replaces is not None:
        _check_replaceable(asked.replaces, standing)
    for other in standing:
        if other.pk == asked.replaces:
            continue
        lines = sorted(set(other.units) & set(units))
        is_shipping = asked.has_shipping and other.has_shipping
        if not lines and not is_shipping:
            continue
        what = f"Line {', '.join(lines)}" if lines else "The shipping"
        until = (
            f"until {moments.written(other.expires_at)}"
            if other.rma_id is None
            else f"to {other.rma}"
        )
        raise errors.QuoteHeld(
            f"{what} of order {order.number} is promised by quote {other.number} {until}. Name it"
            " as the one to replace, or ask for other lines."
        )


def _check_replaceable(pk: int, standing: Iterable[CreditQuote]) -> None:
    found = next((quote for quote in standing if quote.pk == pk), None)
    if found is None:
        raise errors.QuoteNotReplaceable(
            f"Quote Q-{pk} is no standing quote of this order; nothing was changed."
        )
    if found.rma_id is not None:
        raise errors.QuoteNotReplaceable(
            f"Quote Q-{pk} binds the credit of {found.rma} already; nothing was changed."
        )
