"""The forms that say what a value of the platform means in the ERP: one per kind of mapping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from exceptions_app.choices import ApprovalAxis
from exceptions_app.forms.fixes import FixForm
from exceptions_app.forms.imports import day_field
from exceptions_app.forms.picks import OTHER, PickForm
from exceptions_app.models import ErpLocation, Item, SalesOrder
from exceptions_app.rules import change_words
from exceptions_app.rules.change_words import DAYS
from exceptions_app.rules.mapping import (
    NO_ITEM,
    NO_ITEM_WORDS,
    TARGET_CHOICES,
    normalise,
    spoken_place,
)
from exceptions_app.rules.matching import Suggestion
from exceptions_app.rules.sayings import spoken
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.selectors import suggesting, uncredited
from exceptions_app.selectors.suggesting import Candidate
from exceptions_app.services import previews

# Codes listed, and the values named of each.
MOST_CODES, EXAMPLES = 12, 3
# The answer that no warehouse of the ERP is meant.
NO_WAREHOUSE = "none"
GIFT_HINT = (
    "For a written policy: it is on no document, neither as stock nor as money. A line that was"
    " paid for is booked all the same."
)


class SkuForm(PickForm, FixForm):
    """Ranked suggestions, or any item of the ERP by its code or by words of its name.

    Words that are no item's code are looked for, and what fits is listed to choose from. A gift may
    stand for no item at all.
    """

    choice = forms.ChoiceField(label="Which item is it?", required=False, widget=forms.RadioSelect)
    sku = forms.CharField(
        label="Another item",
        required=False,
        max_length=120,
        help_text="Its code, its barcode or words of its name. What fits is listed to choose from.",
    )
    valid_from = day_field("Sold from", "The first day of sale it stands for.")
    valid_until = day_field(
        "Sold until",
        "The last one. Leave both empty for always: every later return with this SKU follows, until"
        " somebody maps it anew.",
    )
    typed = "sku"
    noun = "item"

    def prepare(self) -> None:
        self.options = suggesting.ranked(case=self.case)[:5]
        listed = [option.match.sku for option in self.options]
        self.found = self._looked_for(listed)
        none = [(NO_ITEM, NO_ITEM_WORDS)] if self.case.type == "PROMO_SKU" else []
        self.offer([*listed, *(item.sku for item in self.found)], beside=none)
        # A gift may be no item at all: that is a decision, and none is ticked beforehand.
        first = "" if none else _first_of([option.match for option in self.options])
        self.initial.setdefault("choice", first)
        order = self.case.rma.sales_order if self.case.rma else None
        self.described = [
            {
                "value": option.match.sku,
                "badge": "Strong match" if option.match.is_strong else "Possible",
                "tone": "good" if option.match.is_strong else "calm",
                "text": ". ".join(map(_capitalised, _told(option, order))),
            }
            for option in self.options
        ]
        self.described += [_as_found(item) for item in self.found]
        self.described += [{"value": value, "text": GIFT_HINT} for value, _ in none]

    def _looked_for(self, listed: Sequence[str]) -> list[Item]:
        """Items that fit what was typed, where that is no item's code."""
        typed = str(self.data.get(self.add_prefix("sku"), "")).replace("\0", "")
        self.text = " ".join(typed.split())[:120]
        self.is_nothing, self.hits = False, list[str]()
        if not self.text or self.case.bridge is None:
            return []
        found = suggesting.named(bridge=self.case.bridge, text=self.text)
        self.is_nothing = found is not None and not found
        self.hits = [item.sku for item in found or ()]
        return [item for item in found or () if item.sku not in listed]

    def clean(self) -> dict[str, Any]:
        """A ticked item answers words that were looked for; without one, say what was found."""
        chosen = str(self.cleaned_data.get("choice", ""))
        if chosen in self.hits:
            self.cleaned_data["sku"] = ""
        elif self.hits and chosen in ("", OTHER):
            self.add_error("choice", f"Tick the item that “{self.text}” means, it is listed now.")
        elif self.is_nothing and chosen in ("", OTHER):
            erp = self.case.bridge.erp.name if self.case.bridge else ""
            self.add_error(
                "sku",
                f"No item in use of {erp} has “{self.text}” as its code or barcode, or in its name."
                " Try other words, or have it created there first.",
            )
        return super().clean()

    def new_fact(self) -> dict[str, Any]:
        days = {name: self.cleaned_data[name] for name in DAYS if self.cleaned_data[name]}
        return {"sku": self.picked(), **days}

    @property
    def headline(self) -> str:
        if not self.payload:
            return ""
        shown = change_words.shown_target(self.kind, self.payload)
        return f"{self.source_value} becomes {shown}"


def _first_of(options: Sequence[Suggestion]) -> str:
    """The best candidate; none when it is not strong or two are equally good: we do not guess."""
    if not options:
        return OTHER
    is_tied = len(options) > 1 and options[0].score == options[1].score
    return "" if is_tied or not options[0].is_strong else options[0].sku


def _told(option: Candidate, order: SalesOrder | None) -> tuple[str, ...]:
    """Why it stands where it stands, and what tells it from another: sale, name, barcode."""
    match, sold = option.match, option.sold
    apart = ["not on the order"] if order and not match.is_on_order else []
    if order and sold:
        paid = spoken(sold.net + sold.tax, order.currency)
        apart.append(f"sold: {sold.quantity} for {paid}, tax included")
    code = f"barcode {match.barcode}" if match.barcode else "no barcode"
    return (*match.reasons, *apart, match.description or "no name", code)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _as_found(item: Item) -> dict[str, str]:
    code = f"barcode {item.barcode}" if item.barcode else "no barcode"
    told = (item.description.strip() or "no name", code)
    return {
        "value": item.sku,
        "badge": "Found",
        "tone": "calm",
        "text": ". ".join(map(_capitalised, told)),
    }


class LocationForm(FixForm):
    """First whether the ERP has the warehouse at all; then those of the order's division first."""

    pair = forms.ChoiceField(
        label="Division and warehouse",
        error_messages={"required": "Choose the warehouse, or that the ERP has none for it yet."},
    )
    main = ("pair",)

    def prepare(self) -> None:
        rows = previews.location_choices(bridge=self.case.bridge) if self.case.bridge else ()
        wanted = str(self.case.facts.get("order_division", ""))
        fitting = [row for row in rows if not wanted or row.division == wanted]
        others = [row for row in rows if row not in fitting]
        self.has_divisions = any(row.division for row in rows)
        if not self.has_divisions:
            self.fields["pair"].label = "Warehouse"
        groups: list[Any] = [
            ("", "Choose the warehouse"),
            (NO_WAREHOUSE, f"None of these: {self._erp} has no warehouse for it yet"),
        ]
        if others:
            if fitting:
                groups.append((f"Division {wanted}, the order's own", _pairs(fitting)))
            groups.append(("Another division than the order's: it would not fit", _pairs(others)))
        else:
            groups += _pairs(fitting)
        self.fields["pair"].choices = groups  # type: ignore[attr-defined]

    @property
    def _erp(self) -> str:
        return self.case.bridge.erp.name if self.case.bridge else "the ERP"

    def clean_pair(self) -> str:
        pair: str = self.cleaned_data["pair"]
        if pair == NO_WAREHOUSE:
            division = self.case.facts.get("order_division")
            where = "in the right division, " if self.has_divisions else ""
            where = f"in division {division}, the order's own, " if division else where
            raise ValidationError(
                f"Then there is nothing to map yet, and nothing was asked for. Have the warehouse"
                f" created in {self._erp} first: {where}active, with the depot's name. Then"
                " press “Read locations now” in the playbook and choose it here."
            )
        return pair

    @property
    def headline(self) -> str:
        if not self.payload:
            return ""
        return f"{self.source_value} becomes {change_words.shown_target(self.kind, self.payload)}"

    def new_fact(self) -> dict[str, Any]:
        division, _, warehouse = self.cleaned_data["pair"].partition("|")
        return {"division": division, "warehouse": warehouse}


def _pairs(rows: Sequence[ErpLocation]) -> list[tuple[str, str]]:
    return [
        (
            f"{row.division}|{row.code}",
            f"{_capitalised(spoken_place(row.division, row.code))} {row.name}".strip(),
        )
        for row in rows
    ]


class DispositionForm(FixForm):
    bucket = forms.ChoiceField(
        label="Where such goods go",
        choices=TARGET_CHOICES["bucket"],
        widget=forms.RadioSelect,
    )
    main = ("bucket",)


class CodeForm(PickForm, FixForm):
    """The codes that mappings of its kind lead to already, each with what it stands for, or any
    other."""

    noun = "code"

    def prepare(self) -> None:
        bridge = self.case.bridge
        found = mappings_selector.codes_in_use(bridge=bridge, kind=self.kind) if bridge else []
        rows = found[:MOST_CODES]
        self.offer(row.code for row in rows)
        self.described = [{"value": row.code, "text": _stands_for(row.values)} for row in rows]


class ReasonForm(CodeForm):
    """Which code of the ERP a reason of the platform is booked under."""

    choice = forms.ChoiceField(
        label="The ERP's reason code", required=False, widget=forms.RadioSelect
    )
    code = forms.CharField(label="Another code of the ERP", required=False, max_length=20)
    typed = "code"

    def new_fact(self) -> dict[str, Any]:
        return {"code": self.picked()}


def _stands_for(values: Sequence[str]) -> str:
    """ "Arrived damaged, Faulty and 3 more": the first values that lead to a code."""
    shown = ", ".join(values[:EXAMPLES])
    more = len(values) - EXAMPLES
    return f"Stands for {shown} and {more} more" if more > 0 else f"Stands for {shown}"


# What each meaning of a status lets leave for the ERP (rules.resolving).
_LETS: dict[str, str] = {
    ApprovalAxis.REQUESTED: (
        "nobody has agreed yet. Nothing is booked or credited until the status changes"
    ),
    ApprovalAxis.AUTHORISED: (
        "the return may happen. What came back is booked into stock and credited"
    ),
    ApprovalAxis.REFUSED: "the return was turned down. Nothing is booked or credited",
    ApprovalAxis.CANCELLED: "the return was called off. Nothing is booked or credited",
    ApprovalAxis.CLOSED: (
        "all is done there. What came back is booked and credited, and what is missing is told"
    ),
}
_BOOKS = (ApprovalAxis.AUTHORISED, ApprovalAxis.CLOSED)
_FOR_HOLDS = "; choose this for a return on hold"


class StatusForm(FixForm):
    axis = forms.ChoiceField(
        label="What the status means",
        choices=[(code, f"{label}: {_LETS[code]}") for code, label in TARGET_CHOICES["axis"]],
        widget=forms.RadioSelect,
    )
    main = ("axis",)

    def prepare(self) -> None:
        """Only where no money left yet is a return on hold safe with a status that rests."""
        bridge = self.case.bridge
        sums = uncredited.of_status(bridge=bridge, status=self.source_value) if bridge else []
        paid = " and ".join(spoken(each.amount, each.currency) for each in sums)
        tail = f". {paid} refunded already would stand without a credit"
        tails = dict.fromkeys(set(_LETS) - set(_BOOKS), tail)
        if not paid:
            tails = {ApprovalAxis.REQUESTED.value: _FOR_HOLDS}
        self.fields["axis"].choices = [  # type: ignore[attr-defined]
            (code, f"{label}: {_LETS[code]}{tails.get(code, '')}")
            for code, label in TARGET_CHOICES["axis"]
        ]

    @property
    def warning(self) -> str:
        """What the choice does to every return with this status, also to those still to come."""
        chosen = self.payload.get("axis")
        if not chosen:
            return ""
        later = "It counts for every later return with this status too."
        if chosen in _BOOKS:
            return f"What came back is booked and credited by the bridge's policy. {later}"
        return f"This frees nothing: no document leaves while a return has this status. {later}"


class FeeForm(CodeForm):
    """What a charge is and which code of the ERP it is booked under; none is booked without."""

    component = forms.ChoiceField(
        label="What the charge is",
        choices=[("", "Choose what it is"), *TARGET_CHOICES["component"]],
        error_messages={"required": "Say what the charge is."},
    )
    choice = forms.ChoiceField(
        label="The ERP's charge code", required=False, widget=forms.RadioSelect
    )
    erp_code = forms.CharField(label="Another code of the ERP", required=False, max_length=20)
    typed = "erp_code"

    def prepare(self) -> None:
        super().prepare()
        named = normalise(self.source_value)
        if named in dict(TARGET_CHOICES["component"]):
            self.fields["component"].initial = named

    def new_fact(self) -> dict[str, Any]:
        return {"component": self.cleaned_data["component"], "erp_code": self.picked()}
