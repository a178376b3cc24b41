"""Forms of the queue: give to a person, put off, close by hand; for one exception or many."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms.models import ModelChoiceIterator
from django.utils import timezone

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import WAKES_ON_GROWTH, Team, WakeOn
from exceptions_app.models import Case
from exceptions_app.rules import closing
from exceptions_app.rules.putting_off import growth_flaw
from exceptions_app.selectors import awaited, sleeping, today
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.services.moments import written
from exceptions_app.services.triage import SNOOZE_MOST

# When somebody who puts work off until a day expects it back, in their own time zone.
MORNING = time(9, 0)
# As many as an amount is kept with; the exception's currency may allow fewer.
GROWTH_PLACES = 4


NOBODY = "nobody"


class _PeopleThenNobody(ModelChoiceIterator):  # type: ignore[type-arg]  # generic only in the stubs
    def __iter__(self) -> Iterator[Any]:
        yield from super().__iter__()
        yield NOBODY, "Nobody: back to the team"


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    """A person, or None when the work goes back to the team."""

    iterator = _PeopleThenNobody

    def clean(self, value: Any) -> User | None:
        found: User | None = None if value == NOBODY else super().clean(value)
        return found

    def label_from_instance(self, obj: User) -> str:
        """Name and teams: "Finn Ashworth, Finance"."""
        teams = today.teams_of(group.name for group in obj.groups.all())
        name = obj.get_full_name() or obj.get_username()
        return ", ".join([name, *(Team(team).label for team in teams)])


class TeamsAssignForm(forms.Form):
    """A person of one of the teams, or whoever asks (their own roles allow it at the door).

    `assignee` is None when the work goes back to the team.
    """

    assignee = PersonField(
        queryset=User.objects.none(), label="Assign to", empty_label="Choose a person"
    )

    def __init__(self, *args: Any, teams: Iterable[str], user: User, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "assign_%s", **kwargs})
        people = User.objects.filter(pk=user.pk).distinct()
        for team in teams:
            people = cases_selector.team_mates(team=team).order_by() | people
        named = people.order_by("first_name", "username").prefetch_related("groups")
        self.fields["assignee"].queryset = named  # type: ignore[attr-defined]


class AssignForm(TeamsAssignForm):
    """A person of the exception's team, or whoever asks."""

    def __init__(self, *args: Any, case: Case, user: User, **kwargs: Any) -> None:
        super().__init__(*args, teams=[case.team], user=user, **kwargs)
        self.initial.setdefault("assignee", case.assignee_id)


class SnoozeForm(forms.Form):
    """Until when, and why; `until` is the moment asked for, in the reader's time zone.

    `must_say_why` where others lose sight of late work by it.
    """

    choice = forms.ChoiceField(label="Until when", widget=forms.RadioSelect)
    date = forms.DateField(
        label="Another day",
        required=False,
        help_text="At 09:00, within 60 days.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    wakes_on = forms.ChoiceField(
        label="Or earlier",
        required=False,
        choices=[("", "Not earlier"), *((each.value, f"When {each.label}") for each in WakeOn)],
        widget=forms.RadioSelect,
        help_text="An exception to which that cannot come is left as it is, and says why.",
    )
    growth = forms.DecimalField(
        label="Grown by",
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=GROWTH_PLACES,
        help_text="Only for a value, in the exception's currency, or a number of exceptions.",
    )
    note = forms.CharField(
        label="Why it can wait",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, *args: Any, now: datetime, must_say_why: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **{"auto_id": "snooze_%s", **kwargs})
        self.fields["note"].required = must_say_why
        self.fields["note"].error_messages["required"] = "Say why it can wait."
        self.now = self.until = now
        to_monday = 7 - timezone.localtime(now).weekday()
        days = {"tomorrow": 1, "three_days": 3, "monday": to_monday}
        self.moments = {name: _morning(now, ahead) for name, ahead in days.items()}
        self.fields["choice"].choices = [  # type: ignore[attr-defined]
            ("tomorrow", f"Tomorrow: {written(self.moments['tomorrow'])}"),
            ("three_days", f"In three days: {written(self.moments['three_days'])}"),
            ("monday", f"Monday: {written(self.moments['monday'])}"),
            ("date", "Another day"),
        ]
        self.initial.setdefault("choice", "tomorrow")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = cleaned.get("choice", "")
        if chosen != "date" and cleaned.get("date"):
            self.add_error("date", "Tick “Another day” to use this day, or empty the field.")
        if chosen != "date":
            self.until = self.moments.get(chosen, self.moments["tomorrow"])
        elif cleaned.get("date"):
            self.until = timezone.make_aware(datetime.combine(cleaned["date"], MORNING))
        elif "date" not in self.errors:
            raise ValidationError("Say which day.")
        if "date" not in self.errors and not self.now < self.until <= self.now + SNOOZE_MOST:
            self.add_error("date", f"Choose a day from now on, at most {SNOOZE_MOST.days} days.")
        self._check_growth(cleaned)
        return cleaned

    def _check_growth(self, cleaned: dict[str, Any]) -> None:
        growth, is_asked = cleaned.get("growth"), cleaned.get("wakes_on") in WAKES_ON_GROWTH
        if growth is not None and not is_asked:
            self.add_error("growth", "Choose what has to grow by this, or empty the field.")
        elif is_asked and "growth" not in self.errors:
            is_count = cleaned["wakes_on"] == WakeOn.COUNT
            flaw = growth_flaw(growth, places=0 if is_count else GROWTH_PLACES)
            if flaw:
                self.add_error("growth", flaw)

    @property
    def given(self) -> dict[str, Any]:
        """What was answered, as `triage.snooze` takes it."""
        names = ("note", "wakes_on", "growth")
        return {"until": self.until, **{name: self.cleaned_data[name] for name in names}}


class CaseSnoozeForm(SnoozeForm):
    """The same for one exception, which may come back earlier."""

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = sleeping.conditions(case)
        labels = [(each, f"When {self._words(case, each)}") for each in offered]
        field = self.fields["wakes_on"]
        field.choices = [("", "Not earlier"), *labels]  # type: ignore[attr-defined]
        why_not = awaited.no_window(case) if case.bridge_id and WakeOn.WINDOW not in offered else ""
        field.help_text = f"It comes back once, and its history says why. {why_not}".strip()

    def _words(self, case: Case, wakes_on: str) -> str:
        """With what is known of it beforehand: when a window opens, what the value is now."""
        text = awaited.words(case, wakes_on)
        if wakes_on == WakeOn.WINDOW:
            kind = awaited.document_kind(case)
            opens_at = awaited.opens_at(case, after=self.now, kind=kind)
            return f"{text}: {written(opens_at)}" if opens_at else text
        if wakes_on == WakeOn.VALUE:
            return f"{text}; now {awaited.at_risk(case)}"
        return text


class ReasonsForm(forms.Form):
    """Coded reasons; the note explains, it never replaces one.

    An only reason is ticked, unless it claims an act of others (`rules.closing`). `severity` is the
    gravest of what is closed: it decides whether a reason does without a note.

    What is missing is said on the page, as everywhere, and not in a bubble of the browser.
    """

    use_required_attribute = False
    reason = forms.ChoiceField(
        label="Why it can be closed",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why it can be closed."},
    )
    note = forms.CharField(
        label="Note", required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(
        self, *args: Any, reasons: Iterable[tuple[str, str]], severity: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **{"auto_id": "close_%s", **kwargs})
        offered, self.severity = list(reasons), severity
        self.fields["reason"].choices = offered  # type: ignore[attr-defined]
        codes = [code for code, _ in offered]
        free = [each for each in offered if not closing.needs_note(each[0], severity=severity)]
        note = self.fields["note"]
        note.required = bool(offered) and not free
        # Where some reasons need the note and others do not, its hint says which.
        self.is_note_free = len(free) == len(offered)
        is_word = closing.ON_WORD.issuperset(codes)
        asked = closing.WHO_AND_WHEN if is_word else closing.WHAT_AND_WHERE
        note.error_messages["required"] = asked
        note.help_text = _note_help(codes, [label for _, label in free])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        note, reason = cleaned.get("note"), cleaned.get("reason", "")
        lacking = closing.missing(reason, note or "", severity=self.severity)
        if note is not None and lacking:
            self.add_error("note", lacking)
        return cleaned


def _note_help(codes: Iterable[str], free: Iterable[str]) -> str:
    """What the note has to say; `free` are the labels of the reasons that do without one."""
    words = "What was seen, and where: a number, a page, a person."
    if closing.ON_WORD & set(codes):
        words = "Where the sender confirmed it, say who did, and when."
    named = " or ".join(f"“{label}”" for label in free)
    return f"{words} Needed, except for {named}." if named else f"{words} That is needed."


class CloseForm(ReasonsForm):
    """The coded reasons of the exception's type."""

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        reasons = catalogue_entry(case.type).close_reasons
        super().__init__(*args, reasons=reasons, severity=case.severity, **kwargs)


def shared_reasons(types: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The reasons every one of these types can be closed by hand with."""
    offered = [dict(catalogue_entry(code).close_reasons) for code in types]
    if not offered:
        return ()
    first, *others = offered
    return tuple(pair for pair in first.items() if all(pair[0] in each for each in others))


def closing_form(answers: Any, cases: Collection[Case]) -> ReasonsForm:
    """The reasons that all these exceptions share, with what the gravest of them asks for."""
    return ReasonsForm(
        answers,
        reasons=shared_reasons(sorted({case.type for case in cases})),
        severity=closing.gravest(case.severity for case in cases),
    )


def _morning(now: datetime, days: int) -> datetime:
    day = timezone.localtime(now).date() + timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, MORNING))
