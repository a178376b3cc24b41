"""Which sales order a return is of: ranked candidates, a search among our copies, or a number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.urls import reverse

from exceptions_app.forms.fixes import FixForm
from exceptions_app.forms.picks import OTHER, PickForm
from exceptions_app.rules import order_ranking
from exceptions_app.rules.sayings import spoken
from exceptions_app.selectors import order_candidates
from exceptions_app.selectors.order_candidates import Candidate
from exceptions_app.services import order_checks

# Returns named of one order.
_CLAIMS = 3
_LONGEST = 80


class LinkOrderForm(PickForm, FixForm):
    """`find` holds what was searched for; then its results stand in place of the candidates."""

    choice = forms.ChoiceField(label="Which order is it?", required=False, widget=forms.RadioSelect)
    order_number = forms.CharField(
        label="Another order number", required=False, max_length=_LONGEST
    )
    find = forms.CharField(required=False, widget=forms.HiddenInput, max_length=_LONGEST)
    typed = "order_number"
    noun = "order"

    def prepare(self) -> None:
        note = self.fields["note"]
        note.label, note.required = "Why it is this order", True
        note.help_text = "Whoever approves reads it."
        note.error_messages["required"] = "Say why it is this order: whoever approves reads it."
        self.search = self._search()
        self.initial["find"] = self.search
        rma, erp = self.case.rma, str(self.case.facts.get("erp") or "the ERP")
        found = order_candidates.of(rma, search=self.search) if rma is not None else None
        rows = found.rows if found is not None else ()
        self.fields[
            "order_number"
        ].help_text = f"{erp} is asked whether it has it."  # also one we never read
        self.offer(row.number for row in rows)
        if not rows:
            self.initial.setdefault("choice", OTHER)
        # None is ticked beforehand: money follows it, so a person says which one it is.
        asked_at = rma.requested_at if rma is not None else self.now
        best = found.best if found else ""
        self.described = [_told(row, best, asked_at) for row in rows]

    def _search(self) -> str:
        given = self.data.get("find") if self.is_bound else self.initial.get("find")
        return " ".join(str(given or "").replace("\0", "").split())[:_LONGEST]

    @property
    def found_nothing(self) -> bool:
        return bool(self.search) and not self.described

    @property
    def fits_none(self) -> bool:
        """Every candidate has something against it: the right one may not be among them."""
        return bool(self.described) and all(row["is_doubtful"] for row in self.described)

    def new_fact(self) -> dict[str, Any]:
        assert self.case.bridge is not None
        asked = {"order_number": self.picked()}
        return order_checks.checked(bridge=self.case.bridge, payload=asked, now=self.now)

    @property
    def headline(self) -> str:
        return f"{self.case.rma} is of order {self.payload['order_number']}" if self.payload else ""


def _told(row: Candidate, best: str, asked_at: datetime) -> dict[str, Any]:
    badge, tone = "Possible", "calm"
    if row.number == best:
        badge, tone = "Likeliest", "good"
    elif row.is_spent:
        badge, tone = "Used up", "warn"
    elif row.speaks_against:
        badge, tone = "Unlikely", "warn"
    ordered = f"{row.ordered_at.day} {row.ordered_at:%b %Y}"
    goods = [f"{each.sku}: {each.left} of {each.sold} left to return" for each in row.goods]
    lines = [
        f"Ordered {ordered}, {spoken(row.gross, row.currency)} in all",
        _days(row.ordered_at, asked_at),
        "; ".join(each for each in goods if each),
        f"Customer: {_CUSTOMERS[row.customer]}",
    ]
    if row.speaks_for:
        lines.append(f"For it: {', '.join(row.speaks_for)}")
    if row.speaks_against:
        lines.append(f"Against it: {', '.join(row.speaks_against)}")
    return {
        "value": row.number,
        "badge": badge,
        "tone": tone,
        "text": f"{'. '.join(lines)}.",
        "is_doubtful": bool(row.speaks_against),
        "claims": [
            {"url": reverse("return-detail", args=[pk]), "label": label}
            for pk, label in row.claims[:_CLAIMS]
        ],
        "more_claims": max(len(row.claims) - _CLAIMS, 0),
    }


def _days(ordered_at: datetime, asked_at: datetime) -> str:
    days = (asked_at.date() - ordered_at.date()).days
    if days < 0:
        return "After the return was asked for"
    return f"{days} day{'' if days == 1 else 's'} before the return was asked for"


_CUSTOMERS = {
    order_ranking.SAME_CUSTOMER: "the same as this return's",
    order_ranking.OTHER_CUSTOMER: "not this return's",
    "": "not known",
}
