"""Ask an ERP live for the one item an exception is about, so that nobody waits for the next read.

What comes back is kept like any other reading, and the returns that wait for it are planned again:
they close by what the ERP said, not because somebody pressed a button (R037).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from connectors.errors import ConnectorError, Misconfigured
from connectors.types import ErpItem
from exceptions_app import errors
from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case, Connection, Item, ItemMiss
from exceptions_app.rules.mapping import normalise
from exceptions_app.services import cases, connections, health, reference
from exceptions_app.services.pacing import BudgetSpent, CallLimit

REASON = "item-read"
# The most calls one reading may cost: by SKU, by barcode, and the details of what was found.
MOST_CALLS = 5
# What was read a moment ago is told again without a call, however often it is asked for.
FRESH = timedelta(seconds=20)


def read(*, case_id: int, actor: User, now: datetime) -> str:
    """Read the item of an open exception now; what the ERP said, fit for the screen.

    No transaction is open during the call. An ERP that does not answer changes nothing: the text
    says so.

    Raises:
        CaseAlreadyClosed: nothing waits for it any more.
        InvalidChoice: it is about no item of an ERP.
        ErpNotReadable: the ERP cannot be asked now; the text says why.
    """
    case = Case.objects.select_related("bridge__erp").get(pk=case_id)
    sku = " ".join(str(case.facts.get("sku", "")).split())
    if case.status not in CASE_OPEN:
        raise errors.CaseAlreadyClosed(f"It was closed meanwhile: {case.proof}")
    if case.type not in reference.ITEM_TYPES or not sku or case.bridge is None:
        raise errors.InvalidChoice("This exception is about no item of an ERP.")
    erp = case.bridge.erp
    known = _read_just_now(erp, sku, now)
    if known is not None:
        return f"Read a moment ago. {_told(erp, sku, known)}"
    if not erp.is_active:
        raise errors.ErpNotReadable(f"{erp.name} is switched off: nothing was asked.")
    if not health.may_call(connection_id=erp.pk, now=now):
        raise errors.ErpNotReadable(
            f"{erp.name} cannot be asked now: its calls are paused. Try again once it answers."
        )
    return _ask(case, erp, sku, actor, now)


def _ask(case: Case, erp: Connection, sku: str, actor: User, now: datetime) -> str:
    try:
        limit = CallLimit(MOST_CALLS)
        found = connections.gateway(connection=erp, reason=REASON, limit=limit).find_items([sku])
    except BudgetSpent as error:
        raise errors.ErpNotReadable(
            f"No call to {erp.name} is free now. Try again in a minute."
        ) from error
    except ConnectorError as error:
        if not isinstance(error, Misconfigured) or error.is_credentials:
            health.note_failure(connection_id=erp.pk, error=error, now=now)
        raise errors.ErpNotReadable(f"{erp.name} did not tell: {error.text}") from error
    health.note_success(connection_id=erp.pk, now=now)
    keys = reference.save_items(connection=erp, items=found, now=now)
    key = normalise(sku)
    if key not in keys:
        ItemMiss.objects.update_or_create(connection=erp, sku_key=key, defaults={"asked_at": now})
    text = _told(erp, sku, found)
    cases.record(case, "case.read_item", f"Asked for the item. {text}", now, actor)
    # Also where it was not found: what we knew of it before may be out of date.
    reference.wake_waiting(erp, keys | {key}, now)
    return text


def _read_just_now(erp: Connection, sku: str, now: datetime) -> Sequence[Item] | None:
    """What our copy has of it, where that is of this very moment; None where it is to be asked."""
    key, since = normalise(sku), now - FRESH
    if ItemMiss.objects.filter(connection=erp, sku_key=key, asked_at__gt=since).exists():
        return ()
    rows = list(Item.objects.filter(connection=erp, sku_key=key, read_at__gt=since))
    return rows or None


def _told(erp: Connection, sku: str, found: Sequence[ErpItem | Item]) -> str:
    if not found:
        return f"{erp.name} has no item with the SKU or barcode {sku}. Nothing is changed by that."
    rows = [
        f"{row.sku}{f' ({row.description})' if row.description else ''} is"
        f" {'in use' if row.is_active else 'switched off'}"
        for row in found
    ]
    planned = (
        "The returns that wait for it are looked at again now; this page follows in a moment, or"
        " refresh it."
    )
    still = "As long as it is switched off nothing can be booked on it."
    end = planned if any(row.is_active for row in found) else still
    return f"{erp.name} says: {', '.join(rows)}. {end}"
