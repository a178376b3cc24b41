"""The form of a team's calendar."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from exceptions_app.forms.bridges import stamp, zones
from exceptions_app.rules import calendars

_OWN = "own"


def _countries() -> list[tuple[str, str]]:
    return [("", "None: public holidays count"), *calendars.countries()]


class CalendarForm(forms.Form):
    """Settings as `rules.calendars.parse` reads them; `seen` and `shown` as the policy's form."""

    counts = forms.ChoiceField(
        label="What counts",
        widget=forms.RadioSelect,
        choices=[("", "Every hour of every day"), (_OWN, "Only the hours below")],
        required=False,
    )
    days = forms.TypedMultipleChoiceField(
        label="Working days",
        widget=forms.CheckboxSelectMultiple,
        coerce=int,
        choices=list(enumerate(calendars.DAYS)),
        required=False,
    )
    opens = forms.CharField(max_length=5, label="From", required=False, help_text="As in 09:00.")
    closes = forms.CharField(
        max_length=5,
        label="To",
        required=False,
        help_text="As in 17:30. Not later than “From”, it is on the day after.",
    )
    zone = forms.ChoiceField(label="Time zone", choices=zones, required=False)
    country = forms.ChoiceField(label="Public holidays of", choices=_countries, required=False)
    part = forms.CharField(
        max_length=10,
        label="Part of that country",
        required=False,
        help_text="Its code, where holidays differ, as in ENG or SCT. Empty: what all parts share.",
    )
    closed = forms.CharField(
        label="Further days off",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One on a line, as in 2026-12-24.",
    )
    tell_lead = forms.CharField(
        max_length=4,
        label="Tell the team’s lead, hours after the time to act",
        required=False,
        help_text="Counted by the same hours. Empty: nobody is told.",
    )
    tell_next = forms.CharField(
        max_length=4,
        label="Tell the admins too, hours after the time to act",
        required=False,
        help_text="Each is told once.",
    )
    reason = forms.CharField(max_length=300, label="Why", help_text="Kept with the change.")
    seen = forms.JSONField(widget=forms.HiddenInput, required=False)
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, settings: dict[str, Any]) -> None:
        initial: dict[str, Any] = {
            "days": [0, 1, 2, 3, 4],
            "opens": "09:00",
            "closes": "17:30",
            "zone": "UTC",
        }
        own = {**settings, "closed": "\n".join(settings.get("closed", []))}
        super().__init__(
            data, initial={**initial, **own, "counts": _OWN if "days" in settings else ""}
        )
        self.wanted: dict[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        if cleaned["counts"] == _OWN:
            self.wanted = self._settings(cleaned)
        told = {name: cleaned[name].strip() for name in ("tell_lead", "tell_next")}
        self.wanted |= {name: value for name, value in told.items() if value}
        try:
            calendars.parse(self.wanted)
            calendars.escalation(self.wanted)
        except calendars.CalendarInvalid as error:
            self.add_error(error.field, str(error))
        return cleaned

    def _settings(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """What is left empty is left out, so that equal calendars are kept alike."""
        lines = [line.strip() for line in cleaned["closed"].splitlines()]
        settings = {
            "zone": cleaned["zone"],
            "days": sorted(cleaned["days"]),
            "opens": cleaned["opens"].strip(),
            "closes": cleaned["closes"].strip(),
            "country": cleaned["country"],
            "part": cleaned["part"].strip().upper(),
            "closed": sorted({line for line in lines if line}),
        }
        return {name: value for name, value in settings.items() if value}

    def note(self, *, seen: dict[str, Any], shown: dict[str, Any] | None) -> None:
        """Let the page that is about to be made say what it shows, whatever was sent before."""
        sign = stamp(shown) if shown is not None else ""
        if self.is_bound:
            sent: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
            sent["seen"], sent["shown"] = json.dumps(seen), sign
            self.data = sent
        else:
            self.initial = {**self.initial, "seen": seen, "shown": sign}

    def is_shown(self) -> bool:
        """Whether the page this was sent from showed what exactly this calendar would do."""
        return bool(self.cleaned_data["shown"] == stamp(self.wanted))
