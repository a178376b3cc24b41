"""The form of a connection's profile: a text or a file, what to try it with, and why."""

from __future__ import annotations

from typing import Any

from django import forms

from exceptions_app.services import profiles

CHECK, TRY, ACTIVATE = "check", "try", "activate"
_MOST_BYTES = profiles.LONGEST


class ProfileForm(forms.Form):
    """A file that is chosen takes the place of the text. When valid, `profile` is what counts."""

    text = forms.CharField(
        label="Profile",
        required=False,
        strip=False,
        max_length=profiles.LONGEST,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false"}),
    )
    file = forms.FileField(
        label="Or a file",
        required=False,
        help_text="It takes the place of the text above.",
        widget=forms.FileInput(attrs={"accept": ".toml,text/plain"}),
    )
    order_number = forms.CharField(
        label="Order to ask for",
        required=False,
        max_length=60,
        help_text="Only for trying it: one the system has.",
    )
    sku = forms.CharField(
        label="SKU to ask for", required=False, max_length=120, help_text="The same."
    )
    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=300,
        help_text="Needed to put it in force; kept with the version and your name.",
    )
    act = forms.ChoiceField(
        choices=[(each, each) for each in (CHECK, TRY, ACTIVATE)], required=False
    )
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def clean_file(self) -> str:
        """The text of the file; "" without one."""
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size > _MOST_BYTES:
            raise forms.ValidationError(f"A profile has {_MOST_BYTES:,} bytes at most.")
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not text in UTF-8.") from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        profile = cleaned.get("file") or cleaned.get("text", "")
        if not profile.strip() and not self.errors:
            self.add_error("text", "Paste a profile, or choose a file.")
        if cleaned.get("act") == ACTIVATE and not cleaned.get("reason", "").strip():
            self.add_error("reason", "Say why, so that the next person understands the change.")
        cleaned["profile"] = profile
        return cleaned
