"""The same change is asked for once: who comes second is told whose it is."""

from __future__ import annotations

from typing import Any

from exceptions_app import errors
from exceptions_app.choices import DOCUMENT_FIXES, FixKind, FixStatus, MappingKind
from exceptions_app.models import Bridge, Case, Fix, Rma
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import requests
from exceptions_app.services import audit

UNDER_WAY = (FixStatus.REQUESTED, FixStatus.HELD)


def take_turn(*, bridge_id: int | None) -> None:
    """Wait for who is asking for a change on this bridge; none for what belongs to no bridge.

    Of two who ask for the same at once the second waits here, and is told. Rows that refer to the
    bridge may be written meanwhile. It comes before any exception is locked: a request locks those
    it touches at its end, and of two who lock in turns of their own one would be cut off.
    """
    if bridge_id is not None:
        Bridge.objects.select_for_update(no_key=True).get(pk=bridge_id)


def refuse(
    *,
    bridge: Bridge,
    kind: str,
    rma: Rma | None,
    source_value: str,
    payload: dict[str, Any],
    case: Case | None,
) -> None:
    """Refuse to ask for what is asked for or held already, or for a second change of a document.

    A mapping is the same by its value, a closing by its exception, what is about a document by
    that, and anything else by its return.

    Raises:
        FixAlreadyDecided: whose it is.
    """
    same = Fix.objects.filter(bridge=bridge, kind=kind, status__in=UNDER_WAY)
    if kind in MappingKind.values:
        rows = [fix for fix in same if normalise(fix.source_value) == normalise(source_value)]
    elif kind == FixKind.CLOSE:
        rows = list(same.filter(case=case))
    else:
        rows = [
            fix
            for fix in same.filter(rma=rma)
            if fix.payload.get("posting_id") == payload.get("posting_id")
        ]
    if rows:
        who = audit.name_of(rows[0].requested_by)
        raise errors.FixAlreadyDecided(f"{who} has already asked for this; it is under way.")
    if kind in DOCUMENT_FIXES:
        _refuse_second(kind=kind, rma=rma, payload=payload, case=case)


def _refuse_second(
    *, kind: str, rma: Rma | None, payload: dict[str, Any], case: Case | None
) -> None:
    """One change of a document at a time: the other would be about what is no longer so."""
    asked = Fix(kind=kind, payload=payload, case=case)
    rows = Fix.objects.filter(rma=rma, kind__in=DOCUMENT_FIXES, status__in=UNDER_WAY)
    for other in rows.exclude(kind=kind).select_related("case", "requested_by").order_by("pk"):
        if requests.document_id(asked) and requests.document_id(other) == requests.document_id(
            asked
        ):
            who = audit.name_of(other.requested_by)
            raise errors.FixAlreadyDecided(
                f"{who} has already asked for “{FixKind(other.kind).label}” of this document; it is"
                " under way. It leaves, or is decided, withdrawn or taken back first."
            )
