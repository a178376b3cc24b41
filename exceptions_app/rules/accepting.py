"""How far a difference that finance accepted reaches, and in which words it reaches no further."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from exceptions_app.catalogue import causes, entry, render
from exceptions_app.catalogue.wording import written
from exceptions_app.choices import AcceptanceState, FixKind
from exceptions_app.rules.decisions import Terms
from exceptions_app.rules.facts import Finding

# What a finding says of an acceptance that does not cover it: the state it came to, and the words.
ENDED = "accepted_ended"
TOLD = "accepted_before"


def told(findings: Iterable[Finding], terms: Terms | None) -> list[Finding]:
    """The findings, each that an acceptance once covered with what was accepted and what is now.

    Only findings that offer an acceptance and carry a `difference` are about it.
    """
    if terms is None:
        return list(findings)
    return [_told(row, terms) for row in findings]


def _told(found: Finding, terms: Terms) -> Finding:
    difference = _amount(found.facts.get("difference", ""))
    if difference is None or FixKind.ACCEPT_DIFFERENCE not in entry(found.type).actions:
        return found
    cause = found.facts.get("main_cause", "")
    why = terms.ended(difference, cause)
    if not why:
        return found
    words = sentence(terms, difference, found.facts.get("currency", ""), why=why, cause=cause)
    return replace(found, facts={**found.facts, ENDED: why, TOLD: words})


def sentence(
    terms: Terms, difference: Decimal, currency: str, *, why: str = "", cause: str = ""
) -> str:
    """ "Accepted £4.10 by Finn until 30 Nov 2026, cap £5.00; now £7.20": both amounts with the
    side that is more where that changed."""
    is_turned = (difference > 0) != (terms.difference > 0)
    before, now = (
        (terms.difference, difference) if is_turned else (abs(terms.difference), abs(difference))
    )
    by = f" by {terms.by}" if terms.by else ""
    until = render(" until {posting_date}", {"posting_date": terms.until}) if terms.until else ""
    cap = f", cap {_written(terms.cap, currency)}" if terms.cap is not None else ""
    over = "; that day is over" if why == AcceptanceState.EXPIRED else ""
    is_of_cause = why == AcceptanceState.CHANGED and not is_turned and difference
    other = f", and {causes.why(cause)}" if is_of_cause and cause != terms.cause else ""
    stated = f"Accepted {_written(before, currency)}{by}{until}{cap}{over}"
    return f"{stated}; now {_written(now, currency)}{other}"


def _written(amount: Decimal, currency: str) -> str:
    return written("difference", {"difference": f"{amount:f}", "currency": currency})


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
