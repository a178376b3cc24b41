"""Forms of the documents a person keys into an ERP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from exceptions_app.rules import keying


class KeyByHandForm(forms.Form):
    """The ERP's number of a document that a person keyed."""

    number = forms.CharField(
        max_length=80,
        label="Document number",
        help_text="The number the ERP gave the document when you saved it.",
    )


class CouldNotKeyForm(forms.Form):
    """Why the ERP did not take it; a reason about SKUs names one, "something else" needs words."""

    reason = forms.ChoiceField(
        label="What the ERP did",
        choices=[("", "Choose"), *((each.code, each.label) for each in keying.REASONS)],
    )
    sku = forms.ChoiceField(label="Which SKU", required=False)
    words = forms.CharField(
        label="What it said",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The ERP's own words, if it gave any.",
    )

    def __init__(self, *args: Any, skus: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "not_%s", **kwargs})
        field = self.fields["sku"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "None of them"), *((sku, sku) for sku in skus)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        reason = cleaned.get("reason")
        if reason in keying.ABOUT_SKUS and not cleaned.get("sku"):
            self.add_error("sku", "Choose the SKU it is about.")
        if reason == "other" and not (cleaned.get("words") or "").strip():
            self.add_error("words", "Say what the ERP did.")
        return cleaned
