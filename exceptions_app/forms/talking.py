"""Forms of questions between teams."""

from __future__ import annotations

from typing import Any

from django import forms

from exceptions_app.choices import Team
from exceptions_app.services.questions import HOURS, MOST


class QuestionForm(forms.Form):
    """A question to a team other than the one that has the exception."""

    team = forms.ChoiceField(label="Which team", widget=forms.RadioSelect)
    text = forms.CharField(
        label="Question",
        max_length=MOST,
        help_text="Everybody here reads it, and it stays. No customer’s name or address.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write the question first."},
    )
    hours = forms.TypedChoiceField(
        label="Answer wanted within",
        coerce=int,
        choices=[(hours, f"{hours} hours of theirs") for hours in HOURS],
        initial=8,
    )

    def __init__(self, *args: Any, own_team: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "ask_%s", **kwargs})
        fields: Any = self.fields
        fields["team"].choices = [pair for pair in Team.choices if pair[0] != own_team]


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label="Answer",
        max_length=MOST,
        help_text="Everybody here reads it, and it stays. No customer’s name or address.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write the answer first."},
    )
