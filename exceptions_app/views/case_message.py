"""The message of an exception: what is wrong in it, and what to send to whoever can mend it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from exceptions_app.choices import MappingKind
from exceptions_app.models import Case, InboundEvent, Item, SalesOrderLine
from exceptions_app.rules import unreadable
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import giving_up, moments
from exceptions_app.services.event_findings import REFUNDS_WAITING

# Of one return; more of them say nothing new.
_SHOWN = 5


def beside(case: Case) -> dict[str, Any]:
    """`message` for a message nobody can read, else nothing: its entries, its like, a text.

    `entries` are the facts told twice and not alike. `events` are what is parked or given up
    with it, the oldest first. `support` is ready to be sent on and holds nothing personal.
    """
    if case.type != "PAYLOAD_INVALID" or case.event_id is None:
        return {}
    event = InboundEvent.objects.defer("body", "headers").get(pk=case.event_id)
    rows = [event]
    if event.subject_id:
        alike = InboundEvent.objects.defer("body", "headers").filter(
            connection=event.connection_id,
            subject_id=event.subject_id,
            error_type=case.type,
            state__in=giving_up.WITH_A_CASE,
        )
        rows = list(alike.order_by("pk")[:_SHOWN]) or rows
    support = unreadable.support_text(
        case.facts,
        subject=event.subject_id,
        message=event.external_id,
        received=moments.written(event.received_at),
    )
    return {
        "message": {
            "entries": unreadable.entries(case.facts),
            "unit": case.facts.get("unit", ""),
            "compared": _compared(case),
            "events": rows,
            "platform": case.facts.get("platform", ""),
            "support": "\n".join(support),
        }
    }


def _compared(case: Case) -> list[str]:
    """What the order and the refunds say of two entries of one item, in sentences.

    Three queries; none for any other message.
    """
    refunds = unreadable.against_refunds(case.facts, _refunded(case), case.currency)
    return [told for told in (_by_order(case), refunds) if told]


def _by_order(case: Case) -> str:
    """Which entry the order sold, by our copy of it; "" where nothing says which order it is."""
    skus, number = unreadable.skus(case.facts), str(case.facts.get("order") or "")
    if skus is None or not number or case.bridge is None:
        return ""
    erp = case.bridge.erp
    rows = SalesOrderLine.objects.filter(order__connection=erp, order__number=number)
    sold: Counter[str] = Counter()
    for row in rows:
        sold[normalise(row.sku)] += row.quantity
    if not sold:
        return f"We could not read order {number} of {erp.name}: look there what it sold."
    keys = [normalise(sku) for sku in skus]
    names: dict[str, set[str]] = {key: {key} for key in keys}
    for item in Item.objects.filter(sku_key__in=keys, connection=erp):
        names[item.sku_key].add(normalise(item.erp_id))
    aliases = mappings_selector.in_force_of(bridge=case.bridge).filter(
        kind=MappingKind.SKU_ALIAS, source_key__in=keys
    )
    for alias in aliases:
        names[alias.source_key].add(normalise(str(alias.target.get("sku", ""))))
    units = [sum(sold[name] for name in names[key]) for key in keys]
    return unreadable.against_order(number, skus, (units[0], units[1]))


def _refunded(case: Case) -> Decimal:
    """What came of refunds for the return, where that is what the exception puts at risk."""
    return case.value if case.value_formula == REFUNDS_WAITING else Decimal(0)


def event_id_of(case: Case) -> int | None:
    """The message that says what the exception is about: its own, or the latest of its return."""
    if case.event_id or case.rma is None:
        return case.event_id
    rows = InboundEvent.objects.filter(
        connection=case.rma.bridge.source_id, subject_id=case.rma.external_id
    )
    return rows.order_by("-received_at", "-pk").values_list("pk", flat=True).first()
