"""Forms of a bridge: a new one, what it is called and where it lives, and its policy."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from zoneinfo import available_timezones

from django import forms

from exceptions_app.choices import PostingKind
from exceptions_app.forms.admin import ServiceForm
from exceptions_app.models import Bridge, Connection
from exceptions_app.rules import amounts
from exceptions_app.rules import policy as policies
from exceptions_app.selectors import setup as setup_selector
from exceptions_app.services import connections

_TABLES = (
    "schedule",
    "tolerance",
    "tolerance_percent",
    "tolerance_causes",
    "tolerance_budget",
    "rounding",
    "approvals",
    "graver_above",
)
# What is on the left, with or without a colon; times on the right have colons of their own.
_PAIR = re.compile(r"(?P<key>\w+)\s*[:\s]\s*(?P<value>\S.*)")
# A kind of document is written as the screens call it, or as the policy keeps it.
_KINDS = {text.casefold(): code for code, label in PostingKind.choices for text in (code, label)}
_KIND_PAIR = re.compile(
    rf"(?P<key>{'|'.join(map(re.escape, _KINDS))})\s*[:\s]\s*(?P<value>\S.*)", re.IGNORECASE
)
_SHOP = "The shop whose orders and stock belong to these returns. Nothing is written to it yet."
_AT_ONCE = ("at once", "immediate")


def _offer(field: Any, role: str, *, none: str) -> None:
    """Let a field choose among the connections that may stand as `role`."""
    field.queryset = Connection.objects.filter(kind__in=connections.codes_of(role))
    field.empty_label = none


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
                field.initial = _written(row.option.name, own[row.option.name])
            if row.option.choices:
                field.choices = [("", f"As the preset says: {row.preset}"), *field.choices[1:]]
            else:
                field.help_text += f" Empty: as the preset says, {row.preset}."

    def as_read(self) -> dict[str, Any] | None:
        """The earlier values as this form sends them back: what was kept as a number is a text."""
        if self.as_of is None:
            return None
        return {name: self._value(name, _written(name, kept)) for name, kept in self.as_of.items()}

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
                self._refuse(name, text)
        cleaned["policy"] = policy
        return cleaned

    def _refuse(self, name: str, text: str) -> None:
        """Say what a field takes; `text` is for an option that has no field here."""
        option = next((each for each in policies.OPTIONS if each.name == name), None)
        if option is None or name not in self.fields:
            self.add_error(None, text)
        elif name not in self.errors:
            self.add_error(name, f"This is not possible. Write {_allowed(option)}.")

    def _value(self, name: str, text: str) -> Any:
        if text in ("true", "false"):
            return text == "true"
        if name in _TABLES:
            return self._table(name, text)
        return text

    def _table(self, name: str, text: str) -> dict[str, str]:
        """One pair on each line, as in "GBP 0.05" or "Credit memo: 02:00-04:00"."""
        table: dict[str, str] = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            pair = _pair(name, line)
            if pair is None:
                self.add_error(name, f"“{line}” says no value. Write one pair on a line.")
            elif pair[0] in table:
                self.add_error(name, f"“{line}” is the second of its kind. Write it once.")
            else:
                table[pair[0]] = pair[1]
        return table


def _pair(name: str, line: str) -> tuple[str, str] | None:
    """What a line says, as the policy keeps it; None when it is no pair."""
    known = _KIND_PAIR.fullmatch(line) if name == "schedule" else None
    found = known or _PAIR.fullmatch(line)
    if found is None:
        return None
    value = " ".join(found["value"].split())
    if known is None:
        return found["key"], value
    return _KINDS[known["key"].casefold()], _AT_ONCE[1] if value.lower() == _AT_ONCE[0] else value


def stamp(values: dict[str, Any]) -> str:
    """A short sign for the values a page showed, to tell them from others."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _written(name: str, value: Any) -> str:
    """A value as its field takes it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        line = _schedule_line if name == "schedule" else "{} {}".format
        return "\n".join(line(key, each) for key, each in value.items())
    return str(value)


def _schedule_line(kind: str, leaves: str) -> str:
    label = dict(PostingKind.choices).get(kind, kind)
    return f"{label}: {_AT_ONCE[0] if leaves == _AT_ONCE[1] else leaves}"


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


def zones() -> list[tuple[str, str]]:
    """The zones of places, by name, after UTC."""
    places = sorted(zone for zone in available_timezones() if "/" in zone)
    named = [(zone, zone.replace("_", " ")) for zone in places if not zone.startswith("Etc/")]
    return [("UTC", "UTC"), *named]


class BridgeChangeForm(forms.Form):
    """What may change of a bridge beside its policy; `seen` is what the person was shown."""

    name = forms.CharField(max_length=80)
    timezone = forms.ChoiceField(
        label="Time zone",
        choices=zones,
        help_text="Posting windows and the company's days are those of this zone.",
    )
    is_active = forms.BooleanField(
        required=False,
        label="In use",
        help_text="Out of use, it leaves filters, figures and lists. Calls stop only when its"
        " connections are switched off.",
    )
    storefront = forms.ModelChoiceField(
        Connection.objects.none(),
        required=False,
        to_field_name="code",
        label="Shop",
        help_text=_SHOP,
    )
    reason = forms.CharField(max_length=300, label="Why", help_text="Kept with the change.")
    seen = forms.JSONField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["storefront"], connections.STOREFRONT, none="None")
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
    storefront = forms.ModelChoiceField(
        Connection.objects.none(), required=False, label="Shop", help_text=_SHOP
    )
    preset = forms.ChoiceField(
        choices=[(preset.code, preset.label) for preset in policies.PRESETS.values()]
    )
    currency = forms.RegexField(r"^[A-Z]{3}$", help_text="The company's currency, as in GBP.")
    timezone = forms.ChoiceField(label="Time zone", choices=zones, initial="UTC")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["source"], connections.SOURCE, none="Choose one")
        _offer(self.fields["erp"], connections.ERP, none="Choose one")
        _offer(self.fields["storefront"], connections.STOREFRONT, none="None")

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"]
        if currency not in amounts.CURRENCIES:
            raise forms.ValidationError("No currency has this code. Write one such as GBP.")
        return currency

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
            words += f" Allowed: {_allowed(option)}{', one on each line' if is_table else ''}."
            declared[option.name] = forms.CharField(
                required=False, label=option.label, help_text=words, widget=widget
            )
    return declared


def _allowed(option: policies.Option) -> str:
    """What a field takes, in the words of the screens."""
    if option.name != "schedule":
        return option.allowed
    kinds = ", ".join(str(label) for label in PostingKind.labels)
    return f"a kind ({kinds}) and at once, run, or windows such as 02:00-04:00, 13:00-14:00"
