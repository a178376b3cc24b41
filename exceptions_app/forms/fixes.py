"""One form per kind of change: what a person says, turned into the payload the service stores.

A form that is valid holds a payload the services have already checked, so a refusal stands at the
form with nothing lost, before anything is saved.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from exceptions_app import errors
from exceptions_app.choices import MappingKind, PostingKind, PostingStatus
from exceptions_app.models import Case, Posting
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import depots
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import fix_payloads, mappings

# What a field says of itself where nobody wrote what is missing.
_DJANGOS = forms.Field.default_error_messages["required"]


class FixForm(forms.Form):
    """Common to all kinds; a subclass adds its fields and says what its `new_fact` is."""

    # What is missing is said on the page, as everywhere, and not in a bubble of the browser.
    use_required_attribute = False

    previewed = forms.CharField(required=False, widget=forms.HiddenInput)
    note = forms.CharField(
        label="Note to whoever approves",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    main: tuple[str, ...] = ()
    # Why there is nothing to ask for; "" when there is.
    nothing = ""

    def __init__(self, *args: Any, kind: str, case: Case, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"{kind}_%s", **kwargs})
        self.kind = kind
        self.case = case
        self.now = now
        self.source_value = cases_selector.source_value(case, kind)
        self.payload: dict[str, Any] = {}
        for field in self.fields.values():
            if field.error_messages.get("required") == _DJANGOS:
                lead = "Choose one under" if isinstance(field, forms.ChoiceField) else "Fill in"
                field.error_messages["required"] = f"{lead} “{field.label}”."
        self.prepare()

    @property
    def is_mapping(self) -> bool:
        return self.kind in MappingKind.values

    @property
    def warning(self) -> str:
        """What to know of valid answers before asking."""
        return ""

    @property
    def headline(self) -> str:
        """The change in a few words, once its answers are valid; "" where it needs none."""
        return ""

    def chosen_reason(self) -> str:
        return str(self.cleaned_data.get("reason_code", ""))

    def prepare(self) -> None:
        """Fill the choices from what the ERP has; called once."""

    def new_fact(self) -> dict[str, Any]:
        """The payload as asked for; by default each field of `main` under its own name."""
        return {name: self.cleaned_data[name] for name in self.main}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            self.payload = self._checked()
        except errors.DeskError as error:
            raise ValidationError(str(error)) from error
        return cleaned

    def _checked(self) -> dict[str, Any]:
        case = self.case
        if case.bridge is None:
            raise errors.FixNotAllowed(
                "This exception belongs to no bridge; nothing can be mapped."
            )
        fix_payloads.check_reason(kind=self.kind, reason_code=self.chosen_reason(), case=case)
        if self.is_mapping:
            return mappings.clean_target(
                bridge=case.bridge,
                kind=self.kind,
                source_value=self.source_value,
                target=self.new_fact(),
            )
        return fix_payloads.clean(
            kind=self.kind, bridge=case.bridge, rma=case.rma, payload=self.new_fact(), now=self.now
        )


class SetLocationForm(FixForm):
    """Only a place the mappings lead to: a name they do not know would be the next exception."""

    location = forms.ChoiceField(
        label="Where the goods are", error_messages={"required": "Choose where the goods are."}
    )
    main = ("location",)

    def prepare(self) -> None:
        note = self.fields["note"]
        note.label, note.required = "How you know that the goods are there", True
        note.help_text = "Who saw them, and when. It stands beside the proof."
        note.error_messages["required"] = (
            "Say how you know that the goods are there: who saw them, and when."
        )
        places = mappings_selector.places(bridge=self.case.bridge) if self.case.bridge else []
        field = self.fields["location"]
        field.choices = [("", "Choose a place"), *places]  # type: ignore[attr-defined]
        if not places:
            field.help_text = "No place of this bridge is mapped yet; map one first."
        elif unmapped := depots.unmapped(self.case.rma):
            field.help_text = (
                f"Not listed, because not mapped yet: {', '.join(unmapped)}. Are the goods there,"
                " map that place first."
            )


class PostingForm(FixForm):
    """Names one of the return's documents that are not confirmed."""

    posting_id = forms.ChoiceField(label="Which document")
    main: tuple[str, ...] = ("posting_id",)

    def prepare(self) -> None:
        found = cases_selector.postings_of(self.case)
        rows = [row for row in found if self.may_name(row)]
        if not rows:
            self.nothing = self._why_none(found)
        self.fields["posting_id"].choices = [  # type: ignore[attr-defined]
            (
                str(row.pk),
                f"{row.get_kind_display()} {row.key}, {row.get_status_display().lower()}",
            )
            for row in rows
        ]
        self.initial.setdefault("posting_id", str(self.case.posting_id or ""))

    def may_name(self, row: Posting) -> bool:
        """What was refused or is in doubt is sent again; all else leaves by itself."""
        return fix_payloads.can_be_sent(row)

    def _why_none(self, found: Iterable[Posting]) -> str:
        if not found:
            return (
                "No document of this return is planned yet. Clear what stands in its way above"
                " or on the return's page; it is then planned and sent by itself."
            )
        if all(row.status == PostingStatus.CONFIRMED for row in found):
            return (
                "Every document of this return is confirmed already: none is left to send or link."
            )
        return (
            "No document of this return was refused or is in doubt, so there is nothing to send"
            " again. What has not left yet leaves by itself once nothing stands in its way."
        )


class LinkDocumentForm(PostingForm):
    number = forms.CharField(
        label="The ERP's document number",
        max_length=80,
        help_text="Read it in the ERP; nothing is sent for this document any more.",
    )
    main = ("posting_id", "number")

    def may_name(self, row: Posting) -> bool:
        return row.status != PostingStatus.CONFIRMED

    def prepare(self) -> None:
        super().prepare()
        self.initial.setdefault("number", self.case.facts.get("number", ""))

    def _why_none(self, found: Iterable[Posting]) -> str:
        kinds = {row.kind for row in found if row.status != PostingStatus.CANCELLED}
        if self.case.type != "REFUND_NO_CM" or PostingKind.CREDIT_MEMO in kinds:
            return super()._why_none(found)
        erp = self.case.bridge.erp.name if self.case.bridge else "the ERP"
        return (
            "No credit of this return is planned yet, so there is none to link a number to. If one"
            f" was keyed by hand, cancel it in {erp}: the planned credit leaves by itself, and the"
            " two would credit the return twice."
        )


class DecisionForm(forms.Form):
    """Refuse or withdraw: a reason is due, the requester reads it."""

    note = forms.CharField(label="Why", max_length=400, widget=forms.Textarea(attrs={"rows": 2}))
