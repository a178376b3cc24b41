"""Forms of the approvals pages: edit a request, act alone, review that, name a delegate."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from exceptions_app.choices import FixKind
from exceptions_app.forms.fixes import FixForm
from exceptions_app.forms.kinds import FORMS
from exceptions_app.forms.picks import OTHER
from exceptions_app.models import Case, Fix
from exceptions_app.services import break_glass


def edit_form(fix: Fix, case: Case, *, now: datetime, answers: Any = None) -> FixForm:
    """The typed form of the request's kind, filled with what it asks for now."""
    form = FORMS[fix.kind](
        answers, kind=fix.kind, case=case, now=now, initial=_told(fix), auto_id="edit_%s"
    )
    note = form.fields["note"]
    note.label, note.required = "What you changed, and why", True
    note.help_text = "Whoever approves reads it, and whoever approved before."
    form.order_fields([name for name in form.fields if name != "note"])
    return form


def _told(fix: Fix) -> dict[str, Any]:
    """The stored payload as the answers that lead to it."""
    told = {**fix.payload, **fix.payload.get("changes", {}), "reason_code": fix.reason_code}
    if fix.kind in (FixKind.SKU_ALIAS, FixKind.LINK_ORDER, FixKind.REASON):
        told["choice"] = OTHER
    elif fix.kind == FixKind.LOCATION:
        told["pair"] = f"{fix.payload.get('division', '')}|{fix.payload.get('warehouse', '')}"
    elif fix.kind == FixKind.POSTING_DATE:
        told["date"] = date.fromisoformat(fix.payload["date"])
    return told


def _words(label: str, help_text: str, limit: int = 400) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=limit,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class AloneForm(forms.Form):
    reason = _words(
        "Why nobody else can decide now",
        f"At least {break_glass.SHORTEST} characters. Another person reviews it.",
    )


class ReviewForm(forms.Form):
    review = _words("What you found", "Kept with your name; the act then leaves the list.")


class AwayForm(forms.Form):
    """Whole days, the last one included, where the reader is."""

    delegate = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label="Who decides for you",
        empty_label="Nobody",
        required=False,
        help_text="With nobody, what waits for your approval waits for others who may give it.",
    )
    first = forms.DateField(
        label="First day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label="Last day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(label="Note", max_length=200, required=False)

    def __init__(self, *args: Any, people: QuerySet[User], now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "away_%s", **kwargs})
        field = self.fields["delegate"]
        field.queryset = people  # type: ignore[attr-defined]
        field.label_from_instance = _name  # type: ignore[attr-defined]
        self.now = now

    @property
    def has_people(self) -> bool:
        return bool(self.fields["delegate"].queryset)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and cleaned["last"] < cleaned["first"]:
            raise ValidationError("The last day is before the first.")
        return cleaned

    @property
    def starts_at(self) -> datetime:
        """The beginning of the first day; of today's, this moment."""
        return max(_midnight(self.cleaned_data["first"]), self.now)

    @property
    def ends_at(self) -> datetime:
        return _midnight(self.cleaned_data["last"] + timedelta(days=1))


def _name(person: User) -> str:
    return person.get_full_name() or person.get_username()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())
