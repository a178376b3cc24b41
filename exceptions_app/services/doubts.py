"""What speaks against a change that the checks let through: told before it is asked for.

A doubt refuses nothing. Whoever asks ticks that they want it all the same, and whoever approves
reads the same words.
"""

from __future__ import annotations

from typing import Any

from exceptions_app.choices import MappingKind
from exceptions_app.models import Bridge, Fix
from exceptions_app.rules.mapping import is_withdrawal
from exceptions_app.selectors import mappings as mappings_selector


def of_change(*, kind: str, bridge: Bridge, payload: dict[str, Any]) -> str:
    """A sentence or two on a clean `payload`, "" where nothing speaks against it.

    A reason code is no part of what the ERP lets us read, so a new one cannot be told from a
    slip of the keyboard (R030).
    """
    if kind == MappingKind.REASON and not is_withdrawal(payload):
        return _of_code(bridge, str(payload["code"]))
    return ""


def of_request(fix: Fix) -> str:
    """The same of a request, for whoever approves it."""
    return of_change(kind=fix.kind, bridge=fix.bridge, payload=fix.payload)


def _of_code(bridge: Bridge, code: str) -> str:
    known = [row.code for row in mappings_selector.reason_codes(bridge=bridge)]
    if code in known:
        return ""
    alike = next((each for each in known if each.casefold() == code.casefold()), "")
    meant = f" {alike} is in use; did you mean that?" if alike else ""
    return f"No mapping uses {code}; we cannot check it in {bridge.erp.name}.{meant}"
