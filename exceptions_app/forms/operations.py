"""Forms of the operations pages and of the trail."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

# A day outside is a slip of the keyboard, and its neighbour may be no day at all.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


class TrailForm(forms.Form):
    """The days a reader of the trail asks for; either may be left out."""

    since = forms.DateField(required=False, label="From")
    until = forms.DateField(required=False, label="To")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "f-%s", **kwargs})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("since"), cleaned.get("until")
        for name, day in (("since", first), ("until", last)):
            if day and not FIRST_DAY <= day <= LAST_DAY:
                self.add_error(name, "Choose a day between 2000 and 2100.")
        if first and last and last < first:
            self.add_error("until", "The last day lies before the first.")
        return cleaned
