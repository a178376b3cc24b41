"""What people decided for a return, of its changes that are in force."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from exceptions_app.choices import FixKind
from exceptions_app.models import Bridge, Rma
from exceptions_app.rules import drafts
from exceptions_app.rules.decisions import Decisions, DraftEdit, Terms
from exceptions_app.selectors import fact_rows


def is_over(payload: dict[str, Any], bridge: Bridge, now: datetime) -> bool:
    """Whether what was accepted until a day is no longer: the day is over where the books are."""
    until = payload.get("until", "")
    today = now.astimezone(ZoneInfo(bridge.timezone)).date()
    return bool(until) and today.isoformat() > until


def of(rma: Rma, *, now: datetime | None = None) -> Decisions:
    """Approved fixes of this return that are still in force, latest of each kind.

    At `now` an acceptance whose last day is over is none any more.
    """
    values: dict[str, Any] = {}
    for fix in fact_rows.DECIDED.rows(rma=rma.pk):
        payload = fix.payload
        if fix.kind == FixKind.SET_LOCATION:
            values["location"] = payload["location"]
        elif fix.kind == FixKind.LINK_ORDER:
            values["order_number"] = payload["order_number"]
        elif fix.kind == FixKind.ACCEPT_DIFFERENCE:
            has_ended = now is not None and is_over(payload, rma.bridge, now)
            values |= accepted(payload, by=name_of(fix.requested_by), has_ended=has_ended)
        elif fix.kind == FixKind.CORRECT_CREDIT:
            # What was accepted before was the difference to a credit that is no longer due.
            values |= {"accepted_difference": None, "accepted": None}
            values["credit_adjustment"] = Decimal(payload["adjustment"])
            values["adjustment_reason"] = fix.reason_code
        elif fix.kind == FixKind.POSTING_DATE:
            values["posting_date"] = date.fromisoformat(payload["date"])
        elif fix.kind == FixKind.EDIT_DOCUMENT:
            values["edits"] = (*values.get("edits", ()), draft_edit(payload))
    return Decisions(**values)


def accepted(payload: dict[str, Any], *, by: str = "", has_ended: bool = False) -> dict[str, Any]:
    """What a payload accepts, as fields of Decisions; once its day is over only its terms are."""
    difference, cap = Decimal(payload["difference"]), payload.get("cap")
    terms = Terms(
        difference=difference,
        cap=Decimal(cap) if cap else None,
        cause=payload.get("cause", ""),
        by=by,
        until=payload.get("until", ""),
        is_over=has_ended,
    )
    return {"accepted_difference": None if has_ended else difference, "accepted": terms}


def draft_edit(payload: dict[str, Any]) -> DraftEdit:
    """The document set by hand that a fix holds."""
    return DraftEdit(
        slot=payload["slot"],
        made_on=payload["made_on"],
        draft=drafts.from_json(payload["draft"]),
    )


def name_of(person: User) -> str:
    return person.get_full_name() or person.get_username()
