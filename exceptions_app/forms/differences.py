"""Forms of finance's workbench: why a difference is accepted or corrected, and until when."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from exceptions_app.rules import amounts
from exceptions_app.selectors import acceptances
from exceptions_app.services import fix_payloads


class SettleForm(forms.Form):
    """A coded reason; a free text alone is never enough for finance."""

    reason_code = forms.ChoiceField(
        label="Reason",
        choices=[("", "Choose a reason"), *fix_payloads.MONEY_REASONS],
        error_messages={"required": "Choose a reason: nothing was asked for yet."},
    )
    note = forms.CharField(
        label="Note to whoever approves",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "settle_%s", **kwargs})
        self.today = today


class AcceptForm(SettleForm):
    """The same with how far it goes: a last day, how much it may grow, and who owns it."""

    until = forms.DateField(
        label="Accepted until",
        required=False,
        help_text="The exception opens again the day after. Left empty, it is accepted for as long"
        " as the policy of its bridge allows.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    may_grow_by = forms.CharField(
        label="May grow by",
        required=False,
        max_length=20,
        help_text="In the currency of each return. Beyond its own amount and this, the exception"
        " opens again. Left empty, it may not grow at all.",
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    owner = forms.ChoiceField(
        label="Who owns it",
        required=False,
        help_text="Told a week before it ends.",
    )
    field_order = ("reason_code", "until", "may_grow_by", "owner", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = owner_choices()  # type: ignore[attr-defined]

    def clean_until(self) -> date | None:
        given: date | None = self.cleaned_data["until"]
        if given is not None and given < self.today:
            raise ValidationError("Choose a day from today on: nothing was asked for yet.")
        return given

    def clean_may_grow_by(self) -> Decimal | None:
        given = str(self.cleaned_data["may_grow_by"]).strip()
        if not given:
            return None
        try:
            amount = amounts.read(given)
        except amounts.NotAnAmount as error:
            raise ValidationError(
                f"Give an amount in plain digits, for example 0.90. What was given {error}."
            ) from error
        if amount < 0:
            raise ValidationError("Give an amount of 0 or more.")
        return amount


class RenewForm(SettleForm):
    """A later day, or a higher cap, for an acceptance that holds."""

    until = forms.DateField(
        label="Accepted until",
        required=False,
        help_text="Left empty, for as long as the policy of its bridge allows.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    cap = forms.CharField(
        label="Holds up to",
        required=False,
        max_length=30,
        help_text="Without its sign. Left empty, the cap stays as it is.",
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    field_order = ("reason_code", "until", "cap", "note")


class OwnerForm(forms.Form):
    """Who owns an acceptance from now on, and why."""

    owner = forms.ChoiceField(label="Who owns it from now on")
    why = forms.CharField(
        label="Why",
        max_length=300,
        error_messages={"required": "Say why somebody else owns it from now on."},
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "owner_%s", **kwargs})
        people = [("", "Choose a person"), *owner_choices()[1:]]
        self.fields["owner"].choices = people  # type: ignore[attr-defined]


def owner_choices() -> list[tuple[str, str]]:
    """Who may own an acceptance, by user name; "" is whoever asks."""
    people = [
        (person.get_username(), person.get_full_name() or person.get_username())
        for person in acceptances.owners()
    ]
    return [("", "Whoever asks"), *people]
