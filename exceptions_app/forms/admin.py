"""Forms of the set-up site. Each cleans what one service call takes; none saves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms

from connectors.kinds import ITEM_CHECKS
from exceptions_app import errors
from exceptions_app.models import Connection, ConnectionBudget
from exceptions_app.rules import console_links
from exceptions_app.selectors.setup import DAILY_LIMIT, MODES
from exceptions_app.services import connections, item_checks

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


class ServiceForm(_ModelForm):
    """A form whose act is a service call; saving it by itself does nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 (Django's signature)
        return self.instance

    def refused(self, error: Exception) -> None:
        """Take note of what the service refused, before the form is shown again."""

    def save_m2m(self) -> None:
        """Nothing is left to save."""

    def _post_clean(self) -> None:
        """The service validates; the model's own fields are not this form's."""


MOST_CALLS = 100_000_000

_ENDS_CONFIRMATIONS = (
    "Another mode, or another profile, ends what was confirmed of this connection's operations."
)

# --- Connections -----------------------------------------------------------------------------


class _SecretLine(forms.PasswordInput):
    """A credential of one line."""

    def __init__(self) -> None:
        super().__init__(attrs={"autocomplete": "new-password"})


class SecretText(forms.Textarea):
    """A credential of several lines, which a field of one line would join; never shown again."""

    def __init__(self) -> None:
        super().__init__(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"})

    def format_value(self, value: Any) -> str:
        return ""


class ConnectionForm(ServiceForm):
    """Fields of every kind stand on the page; those of the chosen kind are read."""

    code = forms.SlugField(max_length=40, help_text="Stands in the webhook's address.")
    name = forms.CharField(max_length=80)
    kind = forms.ChoiceField(label="System")
    mode = forms.ChoiceField(choices=[*MODES.items()])
    base_url = forms.CharField(max_length=300, label="Address")
    console_url = forms.CharField(
        max_length=300,
        required=False,
        label="Where people open it",
        help_text="The address of its own pages. Playbooks link to it where a step is done there.",
    )
    is_active = forms.BooleanField(required=False, initial=True, label="Calls may leave")
    reason = forms.CharField(
        max_length=300,
        required=False,
        label="Why",
        help_text="Needed for a change; kept with it, for whoever looks later.",
    )
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    class Meta:
        model = Connection
        fields: list[str] = []

    kinds: tuple[Any, ...] = ()
    # The values of an earlier state to go back to, as the history kept them.
    as_of: Mapping[str, Any] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind_field: Any = self.fields["kind"]
        kind_field.choices = [(kind.code, kind.label) for kind in self.kinds]
        row = self.instance
        if len(self.kinds) == 1:
            kind_field.initial = self.kinds[0].code
            own = self.kinds[0].default_base_url
            helped = self.kinds[0].address_help
            self.fields["base_url"].help_text = f"The vendor's own is {own}" if own else helped
        if row.pk:
            shown = {**connections.state(row), **(self.as_of or {}), "code": row.code}
            self.fields["seen"].initial = connections.stamp(row)
            for name in ("code", "name", "mode", "base_url", "console_url", "is_active"):
                self.fields[name].initial = shown[name]
            self.fields["kind"].initial = row.kind
            for name in ("code", "kind"):
                self.fields[name].disabled = True
            if row.confirmed_operations:
                self.fields["mode"].help_text = _ENDS_CONFIRMATIONS
            for field in self.kinds[0].settings_fields:
                given = shown["settings"].get(field.code) or self._in_force(field)
                self.fields[setting_name(row.kind, field.code)].initial = given

    def _in_force(self, field: Any) -> str:
        """What holds where nothing was set: a limit may have been given to the connection alone."""
        if field.code != DAILY_LIMIT:
            return str(field.default)
        if "daily_limit" in (self.as_of or {}):
            return str((self.as_of or {})["daily_limit"])
        budget = ConnectionBudget.objects.filter(connection=self.instance).first()
        has_limit = budget is not None and budget.daily_limit
        return str(budget.daily_limit if budget is not None and has_limit else field.default)

    def wanted_limit(self, kind: Any) -> int | None:
        """Calls a day that the connection may make; None to leave them as they are."""
        values = self.cleaned_data["settings_values"]
        if self.instance.pk and DAILY_LIMIT not in {*values, *self.instance.settings}:
            return None
        return daily_limit(kind, values)

    def refused(self, error: Exception) -> None:
        """Whoever was told of another's change may save again over it."""
        if isinstance(error, errors.ConnectionChanged) and self.instance.pk:
            row = Connection.objects.get(pk=self.instance.pk)
            typed: Any = self.data.copy()  # type: ignore[attr-defined]  # A QueryDict.
            typed["seen"] = connections.stamp(row)
            self.data = typed

    def full_clean(self) -> None:
        """Credentials are never written back: a refused form says to type them again."""
        super().full_clean()
        if not self.is_bound or not self.errors or not self.instance.pk:
            # A new connection's are asked for anyway.
            return
        for kind in self.kinds:
            for field in kind.credential_fields:
                name = secret_name(kind.code, field.code)
                if name in self.fields and name not in self.errors and self.data.get(name):
                    self.add_error(name, "Type it again: it is not kept in a form that is refused.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = next((kind for kind in self.kinds if kind.code == cleaned.get("kind")), None)
        if chosen is None:
            return cleaned
        code = cleaned.get("code", "")
        if not self.instance.pk and Connection.objects.filter(code=code).exists():
            self.add_error("code", "Another connection has this code.")
        self._check_console(cleaned)
        cleaned["settings_values"] = self._settings(chosen, cleaned)
        cleaned["secrets"] = self._secrets(chosen, cleaned)
        return cleaned

    def _check_console(self, cleaned: Mapping[str, Any]) -> None:
        is_simulated = cleaned.get("mode") == "sandbox"
        found = console_links.problem(cleaned.get("console_url", ""), is_simulated=is_simulated)
        if found:
            self.add_error("console_url", found)

    def _settings(self, kind: Any, cleaned: Mapping[str, Any]) -> dict[str, str]:
        """What was typed, and what no field of the form asks for as it was."""
        asked = {field.code for field in kind.settings_fields}
        values = {name: each for name, each in self.instance.settings.items() if name not in asked}
        for field in kind.settings_fields:
            name = setting_name(kind.code, field.code)
            value = cleaned.get(name, "")
            if field.is_required and not value:
                self.add_error(name, "This is needed.")
            elif field.code == DAILY_LIMIT and value and not _is_limit(value):
                self.add_error(name, f"Write a whole number from 1 to {MOST_CALLS:,}.")
            elif field.code == ITEM_CHECKS and value and not _is_look(value):
                self.add_error(
                    name, f"Write a whole number from 0 to {item_checks.MOST_CALLS}; 0 is no look."
                )
            is_followed = self.instance.pk and field.code not in self.instance.settings
            # What was shown as in force and left so is not a value of its own; what an earlier
            # change had in force is.
            is_left = is_followed and value == self.fields[name].initial and not self.as_of
            if value and not is_left:
                values[field.code] = value
        return values

    def _secrets(self, kind: Any, cleaned: Mapping[str, Any]) -> dict[str, str] | None:
        """What was typed; None when nothing was, and what is kept stays."""
        typed = {
            field.code: cleaned[name]
            for field in kind.credential_fields
            if cleaned.get(name := secret_name(kind.code, field.code))
        }
        if self.instance.pk:
            return typed or None
        for field in kind.credential_fields:
            if field.is_required and field.code not in typed:
                self.add_error(secret_name(kind.code, field.code), "This is needed.")
        return typed


def daily_limit(kind: Any, values: Mapping[str, str]) -> int | None:
    """Calls a day that a connection may make; None where its kind sets no limit."""
    default = next(
        (field.default for field in kind.settings_fields if field.code == DAILY_LIMIT), ""
    )
    given = values.get(DAILY_LIMIT) or default
    return int(given) if given else None


def _is_limit(text: str) -> bool:
    is_number = text.isascii() and text.isdigit() and len(text) < 12
    return is_number and 1 <= int(text) <= MOST_CALLS


def _is_look(text: str) -> bool:
    is_number = text.isascii() and text.isdigit() and len(text) < 4
    return is_number and int(text) <= item_checks.MOST_CALLS


def setting_name(kind: str, code: str) -> str:
    return f"{kind}__setting__{code}"


def secret_name(kind: str, code: str) -> str:
    return f"{kind}__secret__{code}"


def connection_form(
    kinds: Iterable[Any], *, is_new: bool, as_of: Mapping[str, Any] | None = None
) -> type[ConnectionForm]:
    """A form class with a field for each setting and credential of `kinds`; secrets never shown."""
    kinds = tuple(kinds)
    declared: dict[str, Any] = {"kinds": kinds, "as_of": as_of}
    for kind in kinds:
        for field in kind.settings_fields:
            declared[setting_name(kind.code, field.code)] = forms.CharField(
                label=field.label,
                help_text=field.help_text,
                initial=field.default,
                required=False,
                widget=forms.Textarea if field.is_multiline else forms.TextInput,
            )
        for field in kind.credential_fields:
            keeps = "" if is_new else " Leave it empty to keep the present one."
            declared[secret_name(kind.code, field.code)] = forms.CharField(
                label=field.label,
                help_text=field.help_text + keeps,
                required=False,
                strip=True,
                widget=SecretText if field.is_multiline else _SecretLine,
            )
    return type("KindConnectionForm", (ConnectionForm,), declared)


class OperationForm(forms.Form):
    """One operation of a profile is chosen; the service knows which may be."""

    operation = forms.CharField(label="Operation", max_length=60)

    def offer(self, names: Iterable[str]) -> None:
        """Show the operations as a list to choose from."""
        choices = [("", "Choose one"), *((name, name) for name in names)]
        self.fields["operation"].widget = forms.Select(choices=choices)


class ConfirmForm(OperationForm):
    """Which write is confirmed, and by what."""

    evidence = forms.CharField(
        max_length=400,
        label="What confirms it",
        help_text="Name the document or test, its date and who ran it. It is kept with your name.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    # The sign of the profile and mode that the evidence is for.
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "confirm_%s", **kwargs})

    def note(self, seen: str) -> None:
        """Let the page that is about to be made say what it shows, whatever was sent before."""
        if self.is_bound:
            self.data = {**self.data, "seen": seen}
        else:
            self.initial = {**self.initial, "seen": seen}


class WithdrawForm(OperationForm):
    """Which confirmation is taken back, and why."""

    reason = forms.CharField(max_length=300, label="Why", help_text="Kept with your name.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "withdraw_%s", **kwargs})
