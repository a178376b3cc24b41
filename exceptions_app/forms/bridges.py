"""Forms of a bridge: a new one, what it is called and where it lives, and its policy."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from zoneinfo import available_timezones

from django import forms

from exceptions_app.forms.admin import ServiceForm
from exceptions_app.models import Bridge, Connection
from exceptions_app.rules import policy as policies
from exceptions_app.selectors import setup as setup_selector
from exceptions_app.services import connections

_TABLES = ("schedule", "tolerance")
# What is on the left, with or without a colon; times on the right have colons of their own.
_PAIR = re.compile(r"(?P<key>\w+)\s*[:\s]\s*(?P<value>\S.*)")


class BridgeForm(ServiceForm):
    """Policy options with their words; an empty one follows the preset."""

    class Meta:
        model = Bridge
        fields: list[str] = []

    def __init__(self, *args: Any, as_of: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.as_of = as_of
        if not self.instance.pk:
            return
        own = self.instance.policy if as_of is None else as_of
        for row in setup_selector.policy_rows(self.instance):
            field: Any = self.fields[row.option.name]
            if row.option.name in own:
                field.initial = _written(own[row.option.name])
            if row.option.choices:
                field.choices = [("", f"As the preset says: {row.preset}"), *field.choices[1:]]
            else:
                field.help_text += f" Empty: as the preset says, {row.preset}."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        policy: dict[str, Any] = {}
        for option in policies.OPTIONS:
            text = str(cleaned.get(option.name) or "").strip()
            if text:
                policy[option.name] = self._value(option.name, text)
        preset = cleaned.get("preset") or self.instance.preset
        base = policies.PRESETS[preset].policy if preset in policies.PRESETS else {}
        try:
            policies.parse({**base, **policy})
        except policies.PolicyInvalid as error:
            for name, text in error.problems:
                self.add_error(name if name in self.fields else None, text)
        cleaned["policy"] = policy
        return cleaned

    def _value(self, name: str, text: str) -> Any:
        if text in ("true", "false"):
            return text == "true"
        if name in _TABLES:
            return self._table(name, text)
        return text

    def _table(self, name: str, text: str) -> dict[str, str]:
        """One pair on each line, as in "GBP 0.05" or "credit_memo: 02:00-04:00"."""
        table: dict[str, str] = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            pair = _PAIR.fullmatch(line)
            if pair is None:
                self.add_error(name, f"“{line}” says no value. Write one pair on a line.")
            elif pair["key"] in table:
                self.add_error(name, f"{pair['key']} stands there twice. Write it once.")
            else:
                table[pair["key"]] = " ".join(pair["value"].split())
        return table


def stamp(values: dict[str, Any]) -> str:
    """A short sign for the values a page showed, to tell them from others."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "\n".join(f"{key} {each}" for key, each in value.items())
    return str(value)


class PolicyReasonForm(BridgeForm):
    """The policy of a bridge that exists, with the reason and what the person was shown.

    `seen` are the values in force when the page was made; `shown` stands for the values whose
    effect the page showed.
    """

    reason = forms.CharField(
        max_length=300, label="Why", help_text="Kept with the change, for whoever looks later."
    )
    seen = forms.JSONField(widget=forms.HiddenInput, required=False)
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([*(option.name for option in policies.OPTIONS), "reason"])

    def note(self, *, seen: dict[str, Any], shown: dict[str, Any] | None) -> None:
        """Let the page that is about to be made say what it shows, whatever was sent before."""
        sign = stamp(shown) if shown is not None else ""
        if self.is_bound:
            self.data = {**self.data, "seen": json.dumps(seen), "shown": sign}
        else:
            self.initial = {**self.initial, "seen": seen, "shown": sign}

    def is_shown(self) -> bool:
        """Whether the page this was sent from showed what exactly these values would change."""
        return bool(self.cleaned_data["shown"] == stamp(self.cleaned_data["policy"]))


def _zones() -> list[tuple[str, str]]:
    """The zones of places, by name, after UTC."""
    places = sorted(zone for zone in available_timezones() if "/" in zone)
    named = [(zone, zone.replace("_", " ")) for zone in places if not zone.startswith("Etc/")]
    return [("UTC", "UTC"), *named]


class BridgeChangeForm(forms.Form):
    """What may change of a bridge beside its policy; `seen` is what the person was shown."""

    name = forms.CharField(max_length=80)
    timezone = forms.ChoiceField(
        label="Time zone",
        choices=_zones,
        help_text="Posting windows and the company's days are those of this zone.",
    )
    is_active = forms.BooleanField(
        required=False,
        label="In use",
        help_text="Out of use, it leaves filters, figures and lists. Calls stop only when its"
        " connections are switched off.",
    )
    reason = forms.CharField(max_length=300, label="Why", help_text="Kept with the change.")
    seen = forms.JSONField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.initial["timezone"]
        field: Any = self.fields["timezone"]
        # One set up by its older name stays what it is until somebody chooses another.
        if zone not in dict(field.choices):
            field.choices = [(zone, zone), *field.choices]

    def note(self, seen: dict[str, Any]) -> None:
        """Let the page that is about to be made say what it shows, whatever was sent before."""
        self.data = {**self.data, "seen": json.dumps(seen)}


class NewBridgeForm(BridgeForm):
    code = forms.SlugField(max_length=30)
    name = forms.CharField(max_length=80)
    source = forms.ModelChoiceField(Connection.objects.none(), label="Returns platform")
    erp = forms.ModelChoiceField(Connection.objects.none(), label="ERP")
    preset = forms.ChoiceField(
        choices=[(preset.code, preset.label) for preset in policies.PRESETS.values()]
    )
    currency = forms.RegexField(r"^[A-Z]{3}$", help_text="The company's currency, as in GBP.")
    timezone = forms.ChoiceField(label="Time zone", choices=_zones, initial="UTC")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, role in (("source", connections.SOURCE), ("erp", connections.ERP)):
            field: Any = self.fields[name]
            field.queryset = Connection.objects.filter(kind__in=connections.codes_of(role))

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if Bridge.objects.filter(code=code).exists():
            raise forms.ValidationError("Another bridge has this code.")
        return code


def policy_form() -> type[PolicyReasonForm]:
    """The form of a policy, with one field for each option."""
    return type("PolicyForm", (PolicyReasonForm,), _option_fields())


def new_bridge_form() -> type[NewBridgeForm]:
    """The form of a new bridge, with one field for each option of its policy."""
    return type("BridgeForm", (NewBridgeForm,), _option_fields())


def _option_fields() -> dict[str, Any]:
    declared: dict[str, Any] = {}
    for option in policies.OPTIONS:
        words = option.explanation
        if option.choices:
            choices = [("", "As the preset says")]
            choices += [(choice.value, choice.label) for choice in option.choices]
            declared[option.name] = forms.ChoiceField(
                choices=choices, required=False, label=option.label, help_text=words
            )
        else:
            is_table = option.name in _TABLES
            widget = forms.Textarea(attrs={"rows": 3}) if is_table else forms.TextInput()
            words += f" Allowed: {option.allowed}{', one on each line' if is_table else ''}."
            declared[option.name] = forms.CharField(
                required=False, label=option.label, help_text=words, widget=widget
            )
    return declared
