"""What speaks against a change that the checks let through: told before it is asked for.

A doubt refuses nothing. Whoever asks ticks that they want it all the same, and whoever approves
reads the same words.
"""

from __future__ import annotations

from typing import Any

from exceptions_app.choices import MappingKind
from exceptions_app.models import Bridge, Fix, Item, Rma
from exceptions_app.rules.mapping import is_withdrawal, normalise
from exceptions_app.selectors import mappings as mappings_selector


def of_change(*, kind: str, bridge: Bridge, rma: Rma | None, payload: dict[str, Any]) -> str:
    """A sentence or two on a clean `payload`, "" where nothing speaks against it.

    `rma` is the return on whose exception it is asked for. A reason code is no part of what the
    ERP lets us read, so a new one cannot be told from a slip of the keyboard (R030).
    """
    if is_withdrawal(payload):
        return ""
    if kind == MappingKind.REASON:
        return _of_code(bridge, str(payload["code"]))
    if kind == MappingKind.SKU_ALIAS:
        return _of_item(bridge, rma, str(payload["sku"]))
    return ""


def of_request(fix: Fix) -> str:
    """The same of a request, for whoever approves it."""
    rma = fix.rma or (fix.case.rma if fix.case else None)
    return of_change(kind=fix.kind, bridge=fix.bridge, rma=rma, payload=fix.payload)


def _of_code(bridge: Bridge, code: str) -> str:
    known = [row.code for row in mappings_selector.reason_codes(bridge=bridge)]
    if code in known:
        return ""
    alike = next((each for each in known if each.casefold() == code.casefold()), "")
    meant = f" {alike} is in use; did you mean that?" if alike else ""
    return f"No mapping uses {code}; we cannot check it in {bridge.erp.name}.{meant}"


def _of_item(bridge: Bridge, rma: Rma | None, sku: str) -> str:
    """Only what was sold can come back; the order may name an item by its code or its key."""
    order = rma.sales_order if rma is not None else None
    if order is None:
        return ""
    sold = {normalise(each) for each in order.lines.values_list("sku", flat=True)}
    items = Item.objects.filter(connection=bridge.erp_id, sku_key=normalise(sku))
    names = {normalise(sku), *map(normalise, items.values_list("erp_id", flat=True))}
    return "" if names & sold else f"{sku} is not on order {order.number}."
