"""The playbook beside an exception: each step with what is known of it and where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from exceptions_app import permissions
from exceptions_app.catalogue import Entry
from exceptions_app.catalogue import render as fill
from exceptions_app.catalogue.entry import Step
from exceptions_app.choices import CASE_OPEN, FixKind, Team
from exceptions_app.models import Case, Connection
from exceptions_app.selectors.doubt import Doubt
from exceptions_app.views import case_found, case_message, case_steps, step_notes

_PAGES = {
    "postings": ("posting-list", "Open the documents"),
    "inbox": ("inbox", "Open the inbox"),
    "connection": ("operations", "Open the connections"),
    "messages": ("message-list", "Open the messages"),
}


def steps(
    entry: Entry, case: Case, shown: Mapping[str, Any], request: HttpRequest
) -> list[dict[str, Any]]:
    """The playbook, each step with a link to the act or the page it speaks of, where there is one.

    What the desk can see of a step is said with it (`case_steps`); of all others nothing is said,
    and they bear their number.
    """
    offered = {offer.kind: offer.label for offer in shown.get("offers", ()) if not offer.why_not}
    found = []
    silent = _silent(shown.get("doubt"))
    for step in entry.playbook:
        state, note, way = case_steps.mark(step, case, shown)
        if _is_past(step, case) and step is entry.playbook[-1] and not state:
            continue
        if _is_void(step, shown) and not state:
            continue
        if way:
            url, label = way
        elif step.ask:
            url, label = _question(step, case, request)
        else:
            url, label = _target(step.action, step.link, case, shown, request, offered)
        title, lead = fill(step.text, case.facts), fill(step.lead, case.facts)
        found.append(
            {
                "title": title,
                "lead": lead,
                "rest": title[len(lead) :],
                "state": state,
                "note": note or (silent if step.needs_erp else "") or _compared(step, case, shown),
                "url": url,
                "url_label": label,
                "outside": _outside(step.opens, case),
                **step_notes.of(step, case, request),
            }
        )
    return found


def _is_past(step: Step, case: Case) -> bool:
    """Whether all there is to it is a question that nobody can ask any more."""
    return case.status not in CASE_OPEN and bool(step.ask) and not (step.action or step.link)


def _is_void(step: Step, shown: Mapping[str, Any]) -> bool:
    """Whether it speaks of a credit to send, or of goods to grade, where the page shows none."""
    if "no_credit" not in shown:
        return False
    waits = shown["no_credit"]
    if step.link == "ungraded":
        return not (waits and waits["ungraded"])
    return waits is not None and step.action == FixKind.RETRY


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


def _compared(step: Step, case: Case, shown: Mapping[str, Any]) -> str:
    """What the order and the refunds say of two entries or figures, below the step about them."""
    if step.link == "posting" and case.facts.get("found") and case.status in CASE_OPEN:
        return case_found.rests_on(case)
    message = shown.get("message") if step.link == "order" else None
    return " ".join(message["compared"]) if message else ""


def _question(step: Step, case: Case, request: HttpRequest) -> tuple[str, str]:
    """The form to ask another team with what the step suggests; both "" for who may not ask."""
    is_open = case.status in CASE_OPEN
    if not is_open or step.ask == case.team or not permissions.can(request.user, "write_note"):
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
        closing = shown.get("closing")
        if action == FixKind.CLOSE and closing:
            return "#close", "Close by hand" if closing.form else "See who may close it"
        return (f"#fix-{action}", offered[action]) if action in offered else ("", "")
    if link == "return" and case.rma_id:
        return reverse("return-detail", args=[case.rma_id]), "Open the return"
    if link == "group":
        return f"{reverse('case-list')}?view=list&group={case.group_id}", "All of this cause"
    if link in ("month", "entries", "support", "credit"):
        return _on_page(link, shown)
    if link in ("causes", "order", "items"):
        return _evidence(shown) or _order_facts(link, case)
    if link == "feeds" and permissions.can(request.user, "view_merchandising"):
        return f"{reverse('stock-confidence')}#feeds", "See the item masters"
    if link == "approvals":
        return reverse("fix-list"), "Open Approvals"
    return _behind(link, case, request)


def _on_page(link: str, shown: Mapping[str, Any]) -> tuple[str, str]:
    """A panel that stands on this page only for what it is about."""
    if link == "credit":
        is_unplanned = shown.get("no_credit") is not None
        return ("#waits", "See why") if is_unplanned else ("#postings", "See the documents")
    if link == "month":
        label = "Month is open again" if shown.get("month_form") else "See who may say so"
        return ("#month", label) if shown.get("month") else ("", "")
    labels = {"entries": "See both entries", "support": "See the text to send"}
    return (f"#{link}", labels[link]) if shown.get("message") else ("", "")


def _evidence(shown: Mapping[str, Any]) -> tuple[str, str] | None:
    if shown.get("penny"):
        return "#why", "See the causes"
    if shown.get("difference"):
        return "#difference", "See the figures"
    return ("#sides", "See both sides") if shown.get("sides") else None


def _order_facts(link: str, case: Case) -> tuple[str, str]:
    """Where the page shows no figures of it: the facts, if they tell something of the order."""
    tells = link == "order" and bool(case.facts.get("order_division"))
    return ("#facts", "See the facts") if tells else ("", "")


def _behind(link: str, case: Case, request: HttpRequest) -> tuple[str, str]:
    """Pages of operations, for those who may open them."""
    if not permissions.can(request.user, "view_operations"):
        return "", ""
    if link == "posting" and case.posting_id:
        return reverse("posting-detail", args=[case.posting_id]), "Open the document"
    if link == "inbox" and (event_id := case_message.event_id_of(case)):
        return reverse("event-detail", args=[event_id]), "Open the message"
    if link == "files":
        return _file_behind(case)
    if link == "connection" and case.connection_id:
        anchor = f"#c{case.connection_id}"
        return f"{reverse('operations')}{anchor}", "See it among the connections"
    if link in _PAGES:
        url_name, label = _PAGES[link]
        return reverse(url_name), label
    return "", ""


def _file_behind(case: Case) -> tuple[str, str]:
    """The file that an exception is about, by the subject it is kept under."""
    what, _, number = case.subject.partition(":")
    if what == "batch" and number.isdecimal():
        return reverse("exchange-batch", args=[number]), "Open the file"
    if what == "file" and number.isdecimal():
        return reverse("exchange-file", args=[number]), "Open the file"
    return reverse("exchange-batches"), "Open the files sent"
