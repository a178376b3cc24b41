"""Ask the ERP whether it has the order a person wants to link, before anything is asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.errors import ConnectorError
from exceptions_app import errors
from exceptions_app.choices import FixKind
from exceptions_app.models import Bridge, SalesOrder
from exceptions_app.services import reference

UNCHECKED = "unchecked"
_LONGEST = 80


def checked(*, bridge: Bridge, payload: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The payload with the number as the ERP writes it; to be called in no transaction.

    Our copy is looked at first, then the ERP is asked. Where it cannot be asked, the payload says
    so under "unchecked", and whoever asks ticks that they want it all the same.

    Raises:
        InvalidChoice: the ERP has no such order.
    """
    number = " ".join(str(payload.get("order_number", "")).split())
    if not number:
        return {"order_number": number}
    for spelt in dict.fromkeys((number, number.upper())):
        try:
            order = reference.order_numbered(bridge=bridge, number=spelt, now=now)
        except (ConnectorError, errors.DeskError):
            return {"order_number": number, UNCHECKED: _not_asked(bridge, number)}
        if order is not None:
            return {"order_number": order.number}
    raise errors.InvalidChoice(absent(bridge, number))


def absent(bridge: Bridge, number: str) -> str:
    return f"{bridge.erp.name} has no order {number}. Check the number, or search for it."


def _not_asked(bridge: Bridge, number: str) -> str:
    return f"{bridge.erp.name} cannot be asked just now, so {number} could not be checked there."


def clean(*, bridge: Bridge, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as stored; asks nobody, so that it may be called in a transaction.

    Raises:
        InvalidChoice: our copy has no such order, and `checked` did not say that it could not ask.
    """
    number = " ".join(str(payload.get("order_number", "")).split())
    if not number or len(number) > _LONGEST:
        raise errors.InvalidChoice(f"Give the order's number, at most {_LONGEST} characters.")
    if SalesOrder.objects.filter(connection=bridge.erp_id, number=number).exists():
        return {"order_number": number}
    if payload.get(UNCHECKED):
        return {"order_number": number, UNCHECKED: _not_asked(bridge, number)}
    raise errors.InvalidChoice(absent(bridge, number))


def check_note(*, kind: str, note: str) -> None:
    """Which order it is, is a judgement: the approver and the history need its grounds (R055).

    Raises:
        InvalidChoice: nothing says why.
    """
    if kind == FixKind.LINK_ORDER and not note.strip():
        raise errors.InvalidChoice("Say why it is this order: whoever approves reads it.")
