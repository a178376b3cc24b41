"""Forms of the operations pages."""

from django import forms


class KeyByHandForm(forms.Form):
    """The ERP's number of a document that a person keyed."""

    number = forms.CharField(
        max_length=80,
        label="Document number",
        help_text="The number the ERP gave the document when you saved it.",
    )
