"""Fields written without a template: the same markup as Django's own."""

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe

from exceptions_app.forms.rendering import Renderer

GROUPED = [("", "Any"), ("Teams", [("cx", "CX & more"), (2, 'The "second"')])]
FIELDS = {
    "select": forms.ChoiceField(choices=[("a", "A <b>"), ("", mark_safe("<i>b</i>"))]),
    "grouped": forms.ChoiceField(choices=GROUPED),
    "several": forms.MultipleChoiceField(choices=GROUPED),
    "empty": forms.ChoiceField(choices=[]),
    "text": forms.CharField(max_length=3),
    "number": forms.DecimalField(min_value=0),
    "day": forms.DateField(widget=forms.DateInput(attrs={"type": "date"})),
    "mail": forms.EmailField(),
    "hidden": forms.CharField(widget=forms.HiddenInput),
    "noted": forms.CharField(
        widget=forms.TextInput(attrs={"autofocus": True, "spellcheck": False, "data-x": 'a"<'})
    ),
    "long": forms.CharField(widget=forms.Textarea),
    "radio": forms.ChoiceField(choices=GROUPED, widget=forms.RadioSelect),
    "tick": forms.BooleanField(),
}


def _written(renderer, data):
    form = type("Form", (forms.Form,), dict(FIELDS))(data, renderer=renderer)
    return {name: str(form[name]) for name in FIELDS}


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"select": "a", "grouped": "2", "several": ["cx", "2"], "text": '"><script>', "number": 0},
        {"select": "unknown", "grouped": "cx", "day": "no day", "number": "1,5", "tick": "on"},
    ],
)
def test_a_field_is_written_as_django_writes_it(data):
    assert _written(Renderer(), data) == _written(DjangoTemplates(), data)
