"""The form that puts a file beside an exception."""

from __future__ import annotations

from typing import Any

from django import forms

from exceptions_app.rules import evidence_files as rules


class EvidenceForm(forms.Form):
    file = forms.FileField(
        label="File",
        max_length=300,
        help_text=f"{rules.ALLOWED}; at most {rules.size_words(rules.MOST_BYTES)}.",
    )
    note = forms.CharField(label="What it shows", required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "evidence_%s", **kwargs})

    def clean_file(self) -> Any:
        """Not read into memory when it is larger than may be kept."""
        given = self.cleaned_data["file"]
        if given.size > rules.MOST_BYTES:
            most = rules.size_words(rules.MOST_BYTES)
            raise forms.ValidationError(f"The file is larger than {most}.")
        return given
