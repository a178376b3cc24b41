"""Forms of finance's workbench: why a difference is accepted or corrected, and until when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

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
    """The same with a last day; without one the acceptance does not end."""

    until = forms.DateField(
        label="Accepted until",
        required=False,
        help_text="The exception opens again the day after. Leave it empty to accept for good.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = ("reason_code", "until", "note")

    def clean_until(self) -> date | None:
        given: date | None = self.cleaned_data["until"]
        latest = self.today + timedelta(days=fix_payloads.ACCEPTED_AT_MOST)
        if given is not None and not self.today <= given <= latest:
            raise ValidationError(
                f"Choose a day from today on, at most {fix_payloads.ACCEPTED_AT_MOST} days ahead."
            )
        return given
