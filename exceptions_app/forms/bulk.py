"""What an act on many asks before it is done, and which window of documents to send again."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import types_with_action
from exceptions_app.choices import BulkKind, FixKind, PostingKind
from exceptions_app.forms.cases import ReasonsForm, SnoozeForm, TeamsAssignForm
from exceptions_app.forms.differences import AcceptForm
from exceptions_app.forms.moments import LocalMomentField, in_zone
from exceptions_app.forms.notes import NoteForm
from exceptions_app.models import Bridge, Bulk
from exceptions_app.permissions import roles_of
from exceptions_app.selectors import bulk as selector
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors.today import teams_of
from exceptions_app.services.bulk_freezing import MOST_A_MINUTE

MOST_DAYS = 92
# Beside the kinds of documents: what came in.
MESSAGES = "messages"


def form_of(bulk: Bulk, answers: Any, *, user: User, now: datetime) -> forms.Form | None:
    """The form of the single act, for rows of all teams and types; None where nothing is asked."""
    if bulk.kind == BulkKind.ASSIGN:
        return TeamsAssignForm(answers, teams=selector.teams(bulk), user=user)
    if bulk.kind == BulkKind.SNOOZE:
        own = teams_of(roles_of(user))
        must = selector.late_of_others(bulk, own_teams=own, now=now) > 0
        return SnoozeForm(answers, now=now, must_say_why=must)
    if bulk.kind == BulkKind.CLOSE:
        return ReasonsForm(answers, reasons=_reasons(bulk), severity=selector.gravest(bulk))
    if bulk.kind == BulkKind.NOTE:
        return NoteForm(answers)
    if bulk.kind == BulkKind.ACCEPT:
        return AcceptForm(answers, today=timezone.localdate(now))
    if bulk.kind == BulkKind.APPROVE:
        return ApproveForm(answers, doubtful=bulk.given.get("doubtful", 0))
    return None


def given_of(form: forms.Form | None) -> dict[str, Any]:
    """The checked answers as they are kept with the act."""
    if form is None:
        return {}
    given = dict(form.cleaned_data)
    if isinstance(form, TeamsAssignForm):
        return {"assignee": given["assignee"].pk if given["assignee"] else None}
    if isinstance(form, SnoozeForm):
        growth = str(given["growth"]) if given["growth"] is not None else ""
        return {**form.given, "until": form.until.isoformat(), "growth": growth}
    if isinstance(form, AcceptForm):
        given["until"] = given["until"].isoformat() if given["until"] else ""
        given["may_grow_by"] = f"{given['may_grow_by'] or 0:f}"
    return given


def _reasons(bulk: Bulk) -> list[tuple[str, str]]:
    """Every reason that one of the types offers, with how many rows of it there are."""
    labels: dict[str, str] = {}
    counts: dict[str, int] = {}
    for code, number in selector.types(bulk).items():
        for reason, label in catalogue_entry(code).close_reasons:
            labels.setdefault(reason, str(label))
            counts[reason] = counts.get(reason, 0) + number
    return [
        (reason, label if counts[reason] == bulk.count else f"{label} (fits {counts[reason]:,})")
        for reason, label in labels.items()
    ]


class ApproveForm(forms.Form):
    """A note that goes with each approval, and the tick that some of them ask for."""

    note = forms.CharField(
        label="Note", required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )
    in_spite = forms.BooleanField(required=False)

    def __init__(self, *args: Any, doubtful: int, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "approve_%s", **kwargs})
        if not doubtful:
            del self.fields["in_spite"]
            return
        counted = f"{doubtful:,} of them" if doubtful > 1 else "one of them"
        self.fields["in_spite"].label = f"Approve also {counted}, against which something speaks"
        self.fields[
            "in_spite"
        ].help_text = "Not ticked, what speaks against it is named and it is left."


class ZonedBridgeField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not at run time
    """Bridges by name, each with the time zone its moments are written in."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.timezone})"


class WindowForm(forms.Form):
    """A bridge, from when until when, a kind of document, and how many leave a minute.

    `span` is the window once it is valid.
    """

    span: tuple[datetime, datetime]

    bridge = ZonedBridgeField(
        queryset=Bridge.objects.none(), label="Bridge", empty_label="Choose a bridge"
    )
    kind = forms.ChoiceField(
        label="What",
        required=False,
        choices=[
            ("", "Documents of all kinds"),
            *PostingKind.choices,
            (MESSAGES, "Messages that came in and were not handled"),
        ],
    )
    topic = forms.CharField(
        label="Messages of type",
        required=False,
        max_length=80,
        help_text="As the inbox names it, such as RMA_UPDATED. For messages only.",
    )
    case_type = forms.ChoiceField(
        label="With an open exception",
        required=False,
        choices=lambda: [("", "Of any type, or none"), *_sent_again()],
    )
    since = LocalMomentField(
        label="Planned or received from", help_text="In the time zone named beside the bridge."
    )
    until = LocalMomentField(
        label="Planned or received before",
        help_text=f"In the same zone, at most {MOST_DAYS} days later.",
    )
    per_minute = forms.IntegerField(
        label="At most a minute",
        min_value=1,
        max_value=MOST_A_MINUTE,
        initial=60,
        help_text="The ERP's quota is kept in any case; less spares it for today's returns.",
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "window_%s", **kwargs})
        self.fields["bridge"].queryset = cases_selector.bridges()  # type: ignore[attr-defined]
        today = datetime.combine(timezone.localdate(now), time())
        self.initial.setdefault("since", today - timedelta(days=1))
        self.initial.setdefault("until", today + timedelta(days=1))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and not timedelta(0) < until - since <= timedelta(days=MOST_DAYS):
            raise ValidationError(
                f"The end lies after the beginning, and at most {MOST_DAYS} days are read."
            )
        if since and until and cleaned.get("bridge"):
            zone = cleaned["bridge"].timezone
            self._check_one_thing(cleaned)
            self.span = in_zone(since, zone), in_zone(until, zone, is_later=True)
        return cleaned

    def _check_one_thing(self, cleaned: dict[str, Any]) -> None:
        """What narrows documents says nothing of messages, and the other way round."""
        is_of_messages = cleaned.get("kind") == MESSAGES
        if is_of_messages and cleaned.get("case_type"):
            self.add_error("case_type", "Leave this empty: it narrows documents, not messages.")
        if not is_of_messages and cleaned.get("topic"):
            self.add_error("topic", "Leave this empty, or choose messages under What.")

    @property
    def words(self) -> str:
        given = self.cleaned_data
        kind = dict(PostingKind.choices).get(given["kind"], "all documents")
        if self.is_of_messages:
            kind = f"messages {given['topic']}".strip()
        since, until = given["since"], given["until"]
        days = f"{_written(since)} to {_written(until)} ({given['bridge'].timezone})"
        short = dict(_sent_again()).get(given["case_type"], "")
        only = f", exception “{short}”" if short else ""
        if self.is_of_messages:
            return f"{given['bridge'].name}, {kind}, received {days}"
        return f"{given['bridge'].name}, {str(kind).lower()}{only}, planned {days}"

    @property
    def is_of_messages(self) -> bool:
        return bool(self.cleaned_data["kind"] == MESSAGES)


def _sent_again() -> list[tuple[str, str]]:
    """The types of exception that offer to send their document again, by name."""
    shorts = ((code, catalogue_entry(code).short) for code in types_with_action(FixKind.RETRY))
    named = [(code, f"{short[:1].upper()}{short[1:]}") for code, short in shorts]
    return sorted(named, key=lambda row: row[1])


def _written(local: datetime) -> str:
    return f"{local.day} {local:%b %Y %H:%M}"
