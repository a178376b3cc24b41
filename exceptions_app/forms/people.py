"""Forms of the people page: find, invite, give roles."""

from __future__ import annotations

from django import forms

from exceptions_app.choices import Role


def _roles() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose one or more roles."},
    )


class InviteForm(forms.Form):
    name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        max_length=254, label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    roles = _roles()


class RolesForm(forms.Form):
    roles = _roles()


class SwitchOffForm(forms.Form):
    reason = forms.CharField(
        max_length=300, label="Why", help_text="Kept with your name in the audit trail."
    )


class FindForm(forms.Form):
    """The list's query string."""

    q = forms.CharField(max_length=100, required=False)
    role = forms.ChoiceField(choices=[("", "All roles"), *Role.choices], required=False)
