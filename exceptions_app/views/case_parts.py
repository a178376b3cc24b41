"""The parts of an exception's page that are read only: evidence, history, playbook, approval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import is_passing
from exceptions_app.choices import CASE_OPEN, FixKind, FixStatus, PostingKind, PostingStatus
from exceptions_app.models import Case, Posting, Rma
from exceptions_app.rules.approval import IN_DOUBT
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.templatetags.amounts import money
from exceptions_app.templatetags.desk import changed_query, when
from exceptions_app.views.triage import ROOMS

_PURPOSES = {
    "post": "Sending",
    "lookup": "Looking up",
    "confirm": "Reading back",
    "reread": "Reading again",
}
_STORY = 60


def at_risk(case: Case) -> str:
    """The value as a figure; in words where a zero only means that nobody could tell."""
    formula = case.value_formula.lower()
    if not case.value and formula.startswith("none"):
        return "None"
    if not case.currency or (not case.value and "not known" in formula):
        return "Not known"
    return money(case.value, case.currency)


def touches(case: Case) -> list[dict[str, str]]:
    """The money and the goods at stake, each with what the figure rests on."""
    figure = at_risk(case)
    formula = case.value_formula or "No formula was kept"
    shown = [
        {
            "label": "At risk" if case.status in CASE_OPEN else "Was at risk",
            "figure": figure,
            "proof": "" if formula.lower() == figure.lower() else formula,
        }
    ]
    rma = case.rma
    if rma is None:
        return shown
    units = f"{rma.units_in} unit{'' if rma.units_in == 1 else 's'}"
    return [
        *shown,
        {
            "label": "Returned goods",
            "figure": money(rma.amount_in, rma.currency),
            "proof": f"As {rma.bridge.source.name} values them",
        },
        {"label": "Goods", "figure": units, "proof": _goods(rma)},
        {
            "label": "Customer",
            "figure": "Not waiting" if rma.money == "confirmed" else "Waiting",
            "proof": f"Asked {when(rma.requested_at)}",
        },
    ]


def _goods(rma: Rma) -> str:
    return f"{rma.get_logistics_display()}, {rma.get_inspection_display().lower()}"


def difference(case: Case, postings: Iterable[Posting]) -> dict[str, Any] | None:
    """Refund or quote, credit and difference, where the exception is about exactly these.

    `postings` are the documents of its return: a credit none of them confirms only would be.
    """
    is_quote = case.type == "QUOTE_CHANGED"
    names = ("quoted" if is_quote else "refund", "credit", "difference")
    amounts = [_amount(case.facts.get(name)) for name in names]
    if case.rma is None or any(amount is None for amount in amounts):
        return None
    told, credit, difference = amounts
    currency = str(case.facts.get("currency") or case.currency)
    opened = None
    if case.status not in CASE_OPEN:
        opened = {"credit": credit, "difference": difference, "currency": currency}
        booked = _booked(postings, currency)
        if booked and told is not None:
            credit = sum((row.gross for row in booked), Decimal(0))
            difference = told - credit
    platform = case.facts.get("platform", "")
    proof = f"Quote {case.facts.get('quote')}" if is_quote else f"{platform}, return {case.rma}"
    return {
        "left": {
            "label": "Quoted" if is_quote else "Refund paid",
            "amount": told,
            "currency": currency,
            "proof": proof,
        },
        "right": {
            **_credit(case, postings),
            "amount": credit,
            "currency": currency,
            **({"proved": False} if opened and difference else {}),
        },
        "opened": opened,
        "difference": {
            "label": "Difference",
            "amount": difference,
            "currency": currency,
            "tone": "warn" if difference else "",
            "proof": case.value_formula or "Refund less credit",
        },
    }


def _booked(postings: Iterable[Posting], currency: str) -> list[Posting]:
    return [
        row
        for row in postings
        if row.kind == PostingKind.CREDIT_MEMO
        and row.status == PostingStatus.CONFIRMED
        and row.currency == currency
    ]


def _credit(case: Case, postings: Iterable[Posting]) -> dict[str, Any]:
    """The credit as the return's page calls it: booked by its number, or what it would be."""
    erp, order = case.facts.get("erp", ""), case.facts.get("order", "")
    booked = [
        row
        for row in postings
        if row.kind == PostingKind.CREDIT_MEMO and row.status == PostingStatus.CONFIRMED
    ]
    if not booked:
        proof = f"Computed from {erp} order {order}; no credit is confirmed"
        return {"label": "Credit would be", "proof": proof, "proved": False}
    numbers = ", ".join(row.number for row in booked if row.number)
    return {"label": "Credit booked", "proof": f"{erp}, {numbers or 'number not known'}"}


def vendor_words(case: Case) -> dict[str, str] | None:
    """What the ERP said or holds, for a document in trouble: a refusal only where it refused."""
    text = str(case.facts.get("vendor_text", ""))
    code = str(case.facts.get("vendor_code", "")).removeprefix("unclassified")
    if not text and not code:
        return None
    system = str(case.facts.get("erp", ""))
    # The connectors' word for a refusal without a code is none of the system's own.
    told = {"words": text if code == "unclassified" and text else f"{code} {text}".strip()}
    if found := str(case.facts.get("found", "")):
        lead = (
            f"It stands in {system} under our key. Link it if it is right, or correct it there"
            " first. It is not sent again while it stands."
        )
        return {**told, "title": found, "lead": lead, "label": "Field by field"}
    if case.type == "RETRY_EXHAUSTED":
        lead = (
            f"{system} took none of the tries, so its state below reads “Refused”. Nothing more"
            f" happens by itself; once {system} answers again, send it again."
        )
        title = f"It could not be delivered to {system}"
        return {**told, "title": title, "lead": lead, "label": "The last answers"}
    if case.type in IN_DOUBT:
        lead = "It is not proved whether anything was booked. Look before anything is sent again."
        title = f"What {system} answered"
        return {**told, "title": title, "lead": lead, "label": "In its own words"}
    lead = f"Nothing was booked. Change what {system} objects to, then send again."
    if is_passing(text):
        lead = (
            f"Nothing was booked. By its words this passes: once {system} is free, send it again."
        )
    return {**told, "title": f"{system} refused it", "lead": lead, "label": "In its own words"}


def story(case: Case) -> list[dict[str, Any]]:
    """Every decision and every attempt about the exception and its return, newest first.

    Decisions stand in the order they were written down, attempts among them by their time: two
    decisions of one minute never change places.
    """
    decided: list[dict[str, Any]] = [
        {"at": entry.at, "actor": entry.actor, "text": entry.text, "act": entry.act}
        for entry in cases_selector.story(case)
    ]
    tried: list[dict[str, Any]] = []
    for attempt in cases_selector.attempts_of(case):
        purpose = _PURPOSES.get(attempt.purpose, attempt.purpose.capitalize())
        tried.append(
            {
                "at": attempt.started_at,
                "actor": attempt.posting.connection.name,
                "text": f"{purpose} {attempt.posting.key}: {attempt.get_outcome_display().lower()}",
                "detail": attempt.text,
                "outcome": attempt.outcome,
                "posting_id": attempt.posting_id,
            }
        )
    entries: list[dict[str, Any]] = []
    while decided or tried:
        is_decision = not tried or (decided and decided[0]["at"] >= tried[0]["at"])
        entries.append((decided if is_decision else tried).pop(0))
    return entries[:_STORY]


def refused(entries: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The refusal a requester has to read: the last word about a change, if it was a no."""
    for entry in entries:
        if entry.get("act", "").startswith("fix."):
            is_no = entry["text"].startswith(FixStatus.REJECTED.label)
            return entry if entry["act"] == "fix.reject" and is_no else None
    return None


def back(request: HttpRequest, case: Case) -> dict[str, str]:
    """The list the reader came from, at the row: a team's room when the address says so, else the
    queue."""
    room = request.GET.get("room", "")
    if room in ROOMS:
        view = changed_query(QueryDict(), {"view": request.GET.get("view", "")})
        return {"url": f"{reverse(room)}{view}", "label": room.capitalize()}
    carried = f"?{request.GET.urlencode()}#row-{_row(request, case)}" if request.GET else ""
    return {"url": f"{reverse('case-list')}{carried}", "label": "Exceptions"}


def _row(request: HttpRequest, case: Case) -> str:
    """Its own row, or that of its cause where the list shows that one folded."""
    is_shown = request.GET.get("view") == "list" or request.GET.get("open") == str(case.group_id)
    return str(case.pk) if is_shown else f"g{case.group_id}"


def _amount(text: object) -> Decimal | None:
    try:
        amount = Decimal(str(text).replace("−", "-"))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def held_by(case: Case, postings: Iterable[Posting]) -> str:
    """Which documents of the return the finding itself holds back, in a sentence; "" for none.

    A person who closes by hand changes no fact: these stay blocked, and only a list of documents
    still tells of them.
    """
    held = [
        f"{row.get_kind_display().lower()} {money(row.gross, row.currency)}".strip()
        if row.gross
        else row.get_kind_display().lower()
        for row in postings
        if row.status == PostingStatus.BLOCKED and case.type in row.blocked_by.split(", ")
    ]
    if not held:
        return ""
    told = f"{', '.join(held)} {'stays' if len(held) == 1 else 'stay'} blocked"
    until = "until what is in the way is gone. The list of postings shows it."
    if FixKind.ACCEPT_DIFFERENCE in catalogue_entry(case.type, case.facts).actions:
        first = "" if case.status in CASE_OPEN else "open the exception again and "
        until += f" To let it leave, {first}accept the difference."
    return f"{told[0].upper()}{told[1:]} {until}"
