"""Forms of the changes that decide about money: a coded reason, and an amount with its terms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from exceptions_app.forms.differences import owner_choices
from exceptions_app.forms.fixes import FixForm
from exceptions_app.rules import amounts
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.services import fix_payloads


class MoneyForm(FixForm):
    reason_code = forms.ChoiceField(
        label="Reason", choices=[("", "Choose a reason"), *fix_payloads.MONEY_REASONS]
    )


class AcceptDifferenceForm(MoneyForm):
    difference = forms.CharField(
        label="Difference to accept",
        max_length=30,
        help_text="This exception’s difference, with its sign.",
        widget=forms.TextInput(attrs={"inputmode": "text"}),
    )
    cap = forms.CharField(
        label="Holds up to",
        required=False,
        max_length=30,
        help_text="Without its sign. Once the difference is more, this exception opens again. Left"
        " empty, it may not grow at all.",
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    until = forms.DateField(
        label="Accepted until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    owner = forms.ChoiceField(
        label="Who owns it", required=False, help_text="Told a week before it ends."
    )
    main = ("difference", "cap", "owner")

    def prepare(self) -> None:
        self.initial.setdefault("difference", self.case.facts.get("difference", ""))
        self.fields["owner"].choices = owner_choices()  # type: ignore[attr-defined]
        if self.case.bridge is not None:
            days = facts_selector.policy_of(self.case.bridge).accept_days
            self.fields["until"].help_text = (
                f"The exception opens again the day after. Left empty, {days} days: the longest"
                " the policy allows."
            )

    def new_fact(self) -> dict[str, Any]:
        until = self.cleaned_data["until"]
        return {**super().new_fact(), "until": until.isoformat() if until else ""}

    def clean_difference(self) -> str:
        """Another amount, or the wrong sign, would be agreed to and settle nothing."""
        given = str(self.cleaned_data["difference"])
        known = str(self.case.facts.get("difference", ""))
        try:
            is_other = amounts.read(given.replace("−", "-")) != amounts.read(known)
        except amounts.NotAnAmount:
            return given
        if is_other:
            shown = known.replace("-", "−")
            raise ValidationError(f"The difference is {shown}. Only exactly this can be accepted.")
        return given


class CorrectCreditForm(MoneyForm):
    adjustment = forms.CharField(
        label="Add to the credit",
        max_length=30,
        help_text="Positive credits more, negative credits less.",
    )
    main = ("adjustment",)
    # Under which the correction is booked; "" stops the whole credit.
    charge_code = ""

    def prepare(self) -> None:
        self.initial.setdefault("adjustment", fix_payloads.adjustment_for(self.case))
        if self.case.bridge is not None:
            self.charge_code = facts_selector.adjustment_code_of(self.case.bridge)
