"""The typed form of one document: what may be set of it before it is sent again."""

from __future__ import annotations

from typing import Any

from django import forms

from exceptions_app.forms.fixes import FixForm
from exceptions_app.models import Posting
from exceptions_app.rules.document_edits import Field
from exceptions_app.selectors.policy_words import mapping_words
from exceptions_app.services import document_edits, moments

_AS_IT_STANDS = "As it stands, by the mappings in force now"


def _told(words: str, posting: Posting) -> str:
    """A choice with the versions of the mappings its document was made with (lesson 10)."""
    versions = mapping_words(posting.made_by)
    return f"{words}: {versions}" if versions else words


class EditDocumentForm(FixForm):
    """One field per fact of the document, filled with what it says now."""

    basis = forms.ChoiceField(
        label="Which version to send",
        choices=[(document_edits.CURRENT, _AS_IT_STANDS)],
        initial=document_edits.CURRENT,
        widget=forms.RadioSelect,
    )

    def prepare(self) -> None:
        self.found = document_edits.editable(self.case)
        if self.found is None:
            self.nothing = (
                "The document of this exception has left, or there is none yet: nothing to edit."
            )
            return
        versions = [(document_edits.CURRENT, _told(_AS_IT_STANDS, self.found.posting))]
        original = self.found.original
        if original is not None:
            planned = moments.written(original.created_at)
            then = f"As {original.key} of {planned}, by the mappings of then"
            versions.append((document_edits.ORIGINAL, _told(then, original)))
        self.fields["basis"].choices = versions  # type: ignore[attr-defined]
        for field in self.found.fields:
            self.fields[field.name] = self._field(field)
            self.initial.setdefault(field.name, field.value)
        self.order_fields([name for name in self.fields if name != "note"])

    def _field(self, field: Field) -> forms.Field:
        assert self.found is not None
        assert self.case.bridge is not None
        if field.what == "date":
            return forms.DateField(
                label=field.label,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )
        choices = document_edits.choices_of(self.case.bridge, field, self.found.draft)
        if choices:
            return forms.ChoiceField(label=field.label, choices=choices, required=False)
        numeric = field.what in ("net", "tax", "quantity")
        mode = {"inputmode": "decimal"} if numeric else {}
        return forms.CharField(
            label=field.label, max_length=120, widget=forms.TextInput(attrs=mode)
        )

    def new_fact(self) -> dict[str, Any]:
        assert self.found is not None
        told = {
            field.name: str(self.cleaned_data.get(field.name, "")) for field in self.found.fields
        }
        return {
            "posting_id": self.found.posting.pk,
            "basis": self.cleaned_data["basis"],
            "changes": told,
        }

    @property
    def headline(self) -> str:
        return f"{self.payload['key']} edited" if self.payload else ""
