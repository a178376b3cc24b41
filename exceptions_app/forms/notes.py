"""A note about a return or an exception."""

from __future__ import annotations

from typing import Any

from django import forms

from exceptions_app.services.notes import MOST


class NoteForm(forms.Form):
    """Words for the history; they change nothing."""

    note = forms.CharField(
        label="Note",
        max_length=MOST,
        help_text="Everybody here reads it, and it stays. No customer’s name or address.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write the note first."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "write_%s", **kwargs})


class TellingNoteForm(NoteForm):
    """A note that can be put on somebody's Today; the page completes names from a plain list."""

    to = forms.CharField(
        label="Put it on the Today of",
        required=False,
        max_length=150,
        help_text="One person. More are named in the note: @Finn Ashworth.",
        widget=forms.TextInput(attrs={"list": "people-names", "autocomplete": "off"}),
    )
