"""The form that lets the clock of one exception stand still."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from exceptions_app.choices import PauseReason
from exceptions_app.forms.cases import MORNING
from exceptions_app.services.pausing import PAUSE_MOST


class PauseForm(forms.Form):
    """Until which morning, in the reader's time zone, and what is waited for."""

    reason = forms.ChoiceField(
        label="What it waits for", choices=PauseReason.choices, widget=forms.RadioSelect
    )
    date = forms.DateField(
        label="At the latest until",
        help_text=f"At 09:00, within {PAUSE_MOST.days} days. The clock runs on by itself then.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label="Note", required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "pause_%s", **kwargs})
        self.now = self.until = now

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("reason") == PauseReason.OTHER and not cleaned.get("note", "").strip():
            self.add_error("note", "Say what it waits for.")
        if "date" in cleaned:
            self.until = timezone.make_aware(datetime.combine(cleaned["date"], MORNING))
            if not self.now < self.until <= self.now + PAUSE_MOST:
                days = PAUSE_MOST.days
                self.add_error("date", f"Choose a day from now on, at most {days} days.")
        return cleaned
