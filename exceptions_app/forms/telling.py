"""Forms of where messages go: a team's place, and one's own mail."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings

from exceptions_app.choices import Severity, Team
from exceptions_app.models import MessagePlace
from exceptions_app.services import telling_places
from exceptions_app.services.telling_places import Wishes

_HOURS = [(str(hour), f"{hour:02}:00") for hour in range(24)]
_GRAVE_FIRST = list(reversed(Severity.choices))


def _hour(label: str, none: str, help_text: str = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=[("", none), *_HOURS],
        coerce=int,
        empty_value=None,
        required=False,
        help_text=help_text,
    )


class WishesForm(forms.Form):
    """What somebody wants to be told, and when."""

    has_alerts = forms.BooleanField(
        label="Tell at once of a new cause",
        required=False,
        help_text="Once a cause, and again only when it gets graver, ten times larger or is back.",
    )
    least_severity = forms.ChoiceField(
        label="From this severity on", choices=_GRAVE_FIRST, initial=Severity.HIGH
    )
    has_questions = forms.BooleanField(
        label="Tell of questions to the team",
        required=False,
        help_text="What is asked within a quarter of an hour is told together.",
    )
    has_approvals = forms.BooleanField(
        label="Tell of changes that wait for an approval",
        required=False,
        help_text="Those that may be decided here. What comes together is told together.",
    )
    digest_hour = _hour("Digest each day at", "No digest")
    quiet_from = _hour("Quiet from", "No quiet hours", "What happens meanwhile is told afterwards.")
    quiet_until = _hour("Quiet until", "No quiet hours")
    is_quiet_at_weekends = forms.BooleanField(label="Quiet at weekends", required=False)
    has_critical_anytime = forms.BooleanField(
        label="Tell of critical causes in quiet hours too", required=False
    )
    time_zone = forms.ChoiceField(label="Time zone of these hours")
    is_on = forms.BooleanField(label="Send messages here", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if "/" in zone)
        own = [zone for zone in zones if not zone.startswith("Etc/")]
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            (zone, zone.replace("_", " ")) for zone in [settings.TIME_ZONE, *own]
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_until") is None):
            self.add_error("quiet_until", "Give both hours of the quiet, or none.")
        return cleaned

    @property
    def wishes(self) -> Wishes:
        """The answers; only of a form that is valid."""
        names = Wishes.__dataclass_fields__.keys() & self.cleaned_data.keys()
        return Wishes(**{name: self.cleaned_data[name] for name in names})


class OwnForm(WishesForm):
    """A person's own mail."""

    is_only_mine = forms.BooleanField(
        label="Only causes of which I have an exception", required=False
    )
    has_mentions = forms.BooleanField(
        label="Tell of notes that name me, and of answers to my questions",
        required=False,
        help_text="What the note says stays on its page.",
    )
    field_order = ("is_on", "has_mentions", "has_questions", "has_approvals", "is_only_mine")


class PlaceForm(WishesForm):
    """A place of a team. An address that is kept is never shown again: empty leaves it."""

    team = forms.ChoiceField(label="Team")
    name = forms.CharField(
        label="Name", max_length=60, help_text="As your team calls it: “Finance room”."
    )
    kind = forms.ChoiceField(label="Kind of place")
    address = forms.CharField(
        label="Address",
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("team", "name", "kind", "address")

    def __init__(
        self, *args: Any, teams: tuple[str, ...], place: MessagePlace | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if place is not None:
            del self.fields["team"], self.fields["kind"]
            self.fields["address"].required = False
            self.fields["address"].label = "New address"
            self.fields["address"].help_text = f"Leave it empty to keep {place.masked}."
            return
        self.fields["team"].choices = [  # type: ignore[attr-defined]
            (team, Team(team).label) for team in teams
        ]
        self.fields["kind"].choices = telling_places.kinds()  # type: ignore[attr-defined]
        self.fields["address"].help_text = "Kept sealed. Afterwards only its end is shown."


def initial_of(place: MessagePlace) -> dict[str, Any]:
    """A place as the answers that lead to it, without its address."""
    return {name: getattr(place, name) for name in (*Wishes.__dataclass_fields__, "name")}
