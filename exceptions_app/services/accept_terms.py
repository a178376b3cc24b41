"""The terms of an acceptance as they are asked for: its owner, its cap and its last day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from exceptions_app import errors
from exceptions_app.catalogue.wording import written
from exceptions_app.choices import FixKind
from exceptions_app.models import Case
from exceptions_app.rules.facts import Policy
from exceptions_app.selectors import acceptances

_CAUSE = 40


def complete(
    *, kind: str, payload: dict[str, Any], case: Case | None, asked_by: User
) -> dict[str, Any]:
    """The payload with what goes without saying: whoever asks owns it, for the cause of `case`."""
    if kind != FixKind.ACCEPT_DIFFERENCE:
        return payload
    cause = str(case.facts.get("main_cause", "")) if case is not None else ""
    return {
        **payload,
        "owner": payload.get("owner") or asked_by.get_username(),
        "cause": payload.get("cause") or cause,
    }


def clean(
    *,
    payload: dict[str, Any],
    difference: str,
    cap: str,
    currency: str,
    policy: Policy,
    today: date,
) -> dict[str, Any]:
    """What is stored: {"difference", "cap", "until"} and, once known, "owner" and "cause".

    `cap` "" is the difference itself, and no last day the longest the policy allows.

    Raises:
        InvalidChoice: the cap is below the difference, the day is not possible, or nobody of
            finance is called so.
    """
    terms = {
        "difference": difference,
        "cap": _cap(difference, cap, currency),
        "until": _until(payload.get("until"), policy, today),
    }
    if payload.get("owner"):
        terms["owner"] = owner_of(str(payload["owner"])).get_username()
    if payload.get("cause"):
        terms["cause"] = str(payload["cause"])[:_CAUSE]
    return terms


def owner_of(name: str) -> User:
    """The person of finance with this user name.

    Raises:
        InvalidChoice: nobody of finance is active under it.
    """
    person = acceptances.owners().filter(username=name).first()
    if person is None:
        raise errors.InvalidChoice(
            "Choose who owns it: somebody of finance whose account is switched on."
        )
    return person


def _cap(difference: str, cap: str, currency: str) -> str:
    least = abs(Decimal(difference))
    if not cap:
        return str(least)
    if Decimal(cap) < least:
        shown = written("difference", {"difference": f"{least:f}", "currency": currency})
        raise errors.InvalidChoice(
            f"The cap cannot be below the difference itself, {shown}. Leave it empty to accept"
            " that and no more."
        )
    return cap


def _until(given: object, policy: Policy, today: date) -> str:
    """The last day it holds, where the books are kept."""
    latest = today + timedelta(days=policy.accept_days)
    if not given:
        return latest.isoformat()
    try:
        last = date.fromisoformat(str(given))
    except ValueError as error:
        raise errors.InvalidChoice("Give a date, for example 2026-05-01.") from error
    if not today <= last <= latest:
        raise errors.InvalidChoice(
            f"Choose a day from today on, at most {policy.accept_days} days ahead."
        )
    return last.isoformat()
