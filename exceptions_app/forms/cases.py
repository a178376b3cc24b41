"""Forms of the queue: give to a person, close by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.models import Case
from exceptions_app.selectors import cases as cases_selector


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    def label_from_instance(self, obj: User) -> str:
        return obj.get_full_name() or obj.get_username()


class AssignForm(forms.Form):
    """A person of the exception's team, or whoever asks (their own roles allow it at the door)."""

    assignee = PersonField(
        queryset=User.objects.none(), label="Assign to", empty_label="Choose a person"
    )

    def __init__(self, *args: Any, case: Case, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "assign_%s", **kwargs})
        mates = cases_selector.team_mates(team=case.team)
        people = mates | User.objects.filter(pk=user.pk).distinct().order_by(
            "first_name", "username"
        )
        self.fields["assignee"].queryset = people  # type: ignore[attr-defined]
        self.initial.setdefault("assignee", case.assignee_id)


class CloseForm(forms.Form):
    """The coded reasons of the exception's type; the note explains, it never replaces one."""

    reason = forms.ChoiceField(label="Why it can be closed", widget=forms.RadioSelect)
    note = forms.CharField(
        label="Note", required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "close_%s", **kwargs})
        self.fields["reason"].choices = catalogue_entry(case.type).close_reasons  # type: ignore[attr-defined]
