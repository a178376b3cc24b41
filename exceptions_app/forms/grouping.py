"""How a cause is merged or split, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from exceptions_app.catalogue import together
from exceptions_app.models import CauseGroup

MOST = 300


class MergeForm(forms.Form):
    """The cause another is merged into."""

    choice = forms.ChoiceField(label="Merge into")

    def __init__(self, *args: Any, targets: Iterable[CauseGroup], **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "merge_%s", **kwargs})
        found = [(f"merge:{row.pk}", row.title) for row in targets]
        self.fields["choice"].choices = found  # type: ignore[attr-defined]


class SplitForm(forms.Form):
    """What sets the part apart that is split off."""

    choice = forms.ChoiceField(label="Split off those with")

    def __init__(self, *args: Any, parts: Iterable[tuple[str, str, int]], **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "split_%s", **kwargs})
        found = [
            (f"split:{fact}:{value}", f"{together.apart(fact, value, {})}: {count}")
            for fact, value, count in parts
        ]
        self.fields["choice"].choices = found  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """What was chosen, and why it is so."""

    choice = forms.CharField(max_length=400, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Why",
        max_length=MOST,
        help_text="It stands beside the cause from now on. No customer’s name or address.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why first."},
    )
