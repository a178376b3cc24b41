"""The parts of an exception's page that are read only: evidence, history, playbook, approval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from exceptions_app import permissions
from exceptions_app.catalogue import Entry, is_passing
from exceptions_app.catalogue import render as fill
from exceptions_app.catalogue.entry import Step
from exceptions_app.choices import CASE_OPEN, FixKind, FixStatus, PostingKind, PostingStatus, Team
from exceptions_app.models import Case, Connection, Item, Posting, Rma
from exceptions_app.rules.approval import IN_DOUBT
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors.doubt import Doubt
from exceptions_app.templatetags.amounts import money
from exceptions_app.templatetags.desk import changed_query, when
from exceptions_app.views import case_message, step_notes
from exceptions_app.views.triage import ROOMS

_ITEM_TYPES = frozenset({"SKU_UNKNOWN", "SKU_AMBIGUOUS", "SKU_INACTIVE", "PROMO_SKU"})
_PURPOSES = {
    "post": "Sending",
    "lookup": "Looking up",
    "confirm": "Reading back",
    "reread": "Reading again",
}
_STORY = 60


def touches(case: Case) -> list[dict[str, str]]:
    """The money and the goods at stake, each with what the figure rests on."""
    shown = [
        {
            "label": "At risk" if case.status in CASE_OPEN else "Was at risk",
            "figure": money(case.value, case.currency) if case.currency else "Not known",
            "proof": case.value_formula or "No formula was kept",
        }
    ]
    rma = case.rma
    if rma is None:
        return shown
    units = f"{rma.units_in} unit{'' if rma.units_in == 1 else 's'}"
    return [
        *shown,
        {
            "label": "Claimed",
            "figure": money(rma.amount_in, rma.currency),
            "proof": f"{rma.get_money_display()}, {rma.bridge.source.name}",
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


def sides(case: Case) -> list[dict[str, str]]:
    """Item exceptions: what the platform says beside what the ERP has, fact by fact."""
    if case.type not in _ITEM_TYPES or case.rma is None:
        return []
    key = normalise(str(case.facts.get("sku", "")))
    line = case.rma.lines.filter(sku_key=key).first()
    items = list(Item.objects.filter(connection=case.rma.bridge.erp_id, sku_key=key)[:2])
    order = case.rma.sales_order
    sold = list(order.lines.all()[:6]) if order else []
    same = (
        f"{items[0].sku}{'' if items[0].is_active else ', inactive'}" if items else "No such item"
    )
    return [
        {"label": "SKU", "theirs": str(case.facts.get("sku", "")), "ours": same},
        {
            "label": "Name",
            "theirs": line.name if line else "",
            "ours": items[0].description if items else "",
        },
        {
            "label": "Barcode",
            "theirs": (line.barcode if line else "") or "None sent",
            "ours": (items[0].barcode or "None there") if items else "",
        },
        {
            "label": "Order",
            "theirs": case.rma.order_name,
            "ours": f"{order.number}: {', '.join(each.sku for each in sold)}"
            if order
            else "Not linked",
        },
    ]


def vendor_words(case: Case) -> dict[str, str] | None:
    """What the ERP said or holds, for a document in trouble: a refusal only where it refused."""
    text = str(case.facts.get("vendor_text", ""))
    code = str(case.facts.get("vendor_code", ""))
    if not text and not code:
        return None
    system = str(case.facts.get("erp", ""))
    told = {"words": f"{code} {text}".strip()}
    if found := str(case.facts.get("found", "")):
        lead = (
            f"It stands in {system} under our key. Link it if it is right, or correct it there"
            " first. It is not sent again while it stands."
        )
        return {**told, "title": found, "lead": lead, "label": "Field by field"}
    if case.type == "RETRY_EXHAUSTED":
        lead = (
            f"This is no refusal: {system} took none of the tries. Nothing more happens by itself;"
            f" once {system} answers again, send it again."
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
    """Every decision and every attempt about the exception and its return, newest first."""
    entries: list[dict[str, Any]] = [
        {"at": entry.at, "actor": entry.actor, "text": entry.text, "act": entry.act}
        for entry in cases_selector.story(case)
    ]
    for attempt in cases_selector.attempts_of(case):
        purpose = _PURPOSES.get(attempt.purpose, attempt.purpose.capitalize())
        entries.append(
            {
                "at": attempt.started_at,
                "actor": attempt.posting.connection.name,
                "text": f"{purpose} {attempt.posting.key}: {attempt.get_outcome_display().lower()}",
                "detail": attempt.text,
            }
        )
    entries.sort(key=lambda entry: entry["at"], reverse=True)
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


def steps(
    entry: Entry, case: Case, shown: Mapping[str, Any], request: HttpRequest
) -> list[dict[str, Any]]:
    """The playbook, each step with a link to the act or the page it speaks of, where there is one.

    A step is waiting while the change it names is under way. Nothing says a step is done: only
    proof does, and proof closes the exception.
    """
    offered = {
        offer.kind: offer.label for offer in shown.get("offers", ()) if offer.form is not None
    }
    waiting = {each["fix"].kind for each in shown.get("under_way", ())}
    found = []
    silent = _silent(shown.get("doubt"))
    for step in entry.playbook:
        if step.ask:
            url, label = _question(step, case, request)
        else:
            url, label = _target(step.action, step.link, case, shown, request, offered)
        found.append(
            {
                "title": fill(step.text, case.facts),
                "state": "waiting" if step.action in waiting else "",
                "note": silent if step.needs_erp else "",
                "url": url,
                "url_label": label,
                "outside": _outside(step.opens, case),
                **step_notes.of(step, case, request),
            }
        )
    return found


def _outside(side: str, case: Case) -> Connection | None:
    """The system that a step is done in, where an admin told where people open it."""
    bridge = case.bridge
    sides = {"connection": case.connection}
    if bridge is not None:
        sides |= {"erp": bridge.erp, "platform": bridge.source}
    found = sides.get(side)
    return found if found is not None and found.console_url else None


def _silent(waits: Doubt | None) -> str:
    """Why a step that asks the ERP has to wait; "" while the ERP answers."""
    if waits is None or not waits.is_out_of_reach:
        return ""
    first = f" (EX-{waits.case.pk})" if waits.case else ""
    return f"Wait with this until {waits.connection.name} answers{first}."


def _question(step: Step, case: Case, request: HttpRequest) -> tuple[str, str]:
    """The form to ask another team with what the step suggests; both "" for who may not ask."""
    if step.ask == case.team or not permissions.can(request.user, "write_note"):
        return "", ""
    begun = urlencode({"team": step.ask, "text": fill(step.question, case.facts)})
    return f"{reverse('case-ask', args=[case.pk])}?{begun}", f"Ask {Team(step.ask).label}"


def _target(
    action: str | None,
    link: str,
    case: Case,
    shown: Mapping[str, Any],
    request: HttpRequest,
    offered: Mapping[str, str],
) -> tuple[str, str]:
    """Address and label of what a step speaks of; both "" when the reader has no such page."""
    if action:
        if action == FixKind.CLOSE and shown.get("close_form"):
            return "#close", "Close by hand"
        return (f"#fix-{action}", offered[action]) if action in offered else ("", "")
    if link == "return" and case.rma_id:
        return reverse("return-detail", args=[case.rma_id]), "Open the return"
    if link == "group":
        return f"{reverse('case-list')}?view=list&group={case.group_id}", "All of this cause"
    if link in ("entries", "support"):
        labels = {"entries": "See both entries", "support": "See the text to send"}
        return (f"#{link}", labels[link]) if shown.get("message") else ("", "")
    if link in ("causes", "order", "items"):
        return _evidence(shown)
    if link == "feeds" and permissions.can(request.user, "view_merchandising"):
        return f"{reverse('stock-confidence')}#feeds", "See the item masters"
    if link == "approvals":
        return reverse("fix-list"), "Open Approvals"
    return _behind(link, case, request)


def _evidence(shown: Mapping[str, Any]) -> tuple[str, str]:
    if shown.get("penny"):
        return "#why", "See the causes"
    if shown.get("difference"):
        return "#difference", "See the figures"
    return ("#sides", "See both sides") if shown.get("sides") else ("", "")


def _behind(link: str, case: Case, request: HttpRequest) -> tuple[str, str]:
    """Pages of operations, for those who may open them."""
    if not permissions.can(request.user, "view_operations"):
        return "", ""
    if link == "posting" and case.posting_id:
        return reverse("posting-detail", args=[case.posting_id]), "Open the document"
    if link == "inbox" and (event_id := case_message.event_id_of(case)):
        return f"{reverse('event-detail', args=[event_id])}#why", "Open the message"
    if link == "files":
        return _file_behind(case)
    pages = {"postings": "posting-list", "inbox": "inbox", "connection": "operations"}
    pages["messages"] = "message-list"
    return (reverse(pages[link]), "Open") if link in pages else ("", "")


def _file_behind(case: Case) -> tuple[str, str]:
    """The file that an exception is about, by the subject it is kept under."""
    what, _, number = case.subject.partition(":")
    if what == "batch" and number.isdecimal():
        return reverse("exchange-batch", args=[number]), "Open the file"
    if what == "file" and number.isdecimal():
        return reverse("exchange-file", args=[number]), "Open the file"
    return reverse("exchange-batches"), "Open"


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
    return f"{told[0].upper()}{told[1:]} {until}"
