"""What a list can be narrowed by, in the address: the same for pages, exports and the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import django_filters
from django import forms
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import capfirst
from django_filters.fields import ModelChoiceField, ModelChoiceIterator

from exceptions_app import permissions
from exceptions_app.catalogue import CATALOGUE
from exceptions_app.choices import CASE_OPEN, CaseStatus, Severity, Team
from exceptions_app.models import Case, CauseGroup, Rma
from exceptions_app.models.cases import awake
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import causes, counts, grouping, standing
from exceptions_app.selectors import returns as returns_selector

ANY = "any"


class CauseField(ModelChoiceField):
    """A cause that was merged into another stands for that one: its old address still leads on."""

    def clean(self, value: Any) -> CauseGroup | None:
        found: CauseGroup | None = super().clean(value)
        return grouping.standing(found) if found else found


class CauseFilter(django_filters.ModelChoiceFilter):
    field_class = CauseField


class BridgeChoices(ModelChoiceIterator):
    """The bridges in one read of a statement built once; a cursor of the server asks three."""

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        yield from (self.choice(bridge) for bridge in cases_selector.every_bridge())


class BridgeField(ModelChoiceField):
    iterator = BridgeChoices


class BridgeFilter(django_filters.ModelChoiceFilter):
    """One active bridge by its code."""

    field_class = BridgeField

    def __init__(self) -> None:
        super().__init__(
            queryset=lambda request: cases_selector.bridges(),
            to_field_name="code",
            label="Bridge",
            empty_label="Any",
        )


class SeveralField(forms.MultipleChoiceField):
    """Choices of which any may hold; an empty one asks for nothing, as in a list of one."""

    def clean(self, value: Any) -> list[str]:
        return list(dict.fromkeys(super().clean([each for each in value or () if each])))


class OneMore(forms.SelectMultiple):
    """Offers one more choice; those in use are carried beside it and have a chip each."""

    allow_multiple_selected = False

    def format_value(self, value: Any) -> list[str]:
        return [""]


class SeveralFilter(django_filters.Filter):
    """Rows with any of the values, from a parameter that may be repeated."""

    field_class = SeveralField

    def filter(self, queryset: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        if not value:
            return queryset
        # One alone is compared as before: the planner knows equality better than a list.
        found = {"": value[0]} if len(value) == 1 else {"__in": value}
        return queryset.filter(**{f"{self.field_name}{how}": each for how, each in found.items()})


class CurrencyField(forms.RegexField):
    """A currency by its three letters, in any case."""

    def __init__(self, **kwargs: Any) -> None:
        wrong = {"invalid": "Write a currency in three letters, such as GBP."}
        super().__init__("^[A-Z]{3}$", error_messages=wrong, **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").upper()


class CurrencyFilter(django_filters.Filter):
    field_class = CurrencyField


class CaseFilter(django_filters.FilterSet):
    """Open exceptions that somebody can work on, unless `status`, `snoozed` or `behind` asks for
    others: nobody put them off, and they wait behind no other of their return (decision 0024).

    Needs the request for "me".
    """

    team = django_filters.ChoiceFilter(choices=Team.choices, label="Team", empty_label="Any")
    type = SeveralFilter(
        choices=lambda: [(code, capfirst(found.short)) for code, found in CATALOGUE.items()],
        label="Type",
        widget=OneMore,
    )
    severity = SeveralFilter(
        choices=Severity.choices, label="Severity", widget=forms.CheckboxSelectMultiple
    )
    due = django_filters.ChoiceFilter(
        choices=[("over", "Overdue")],
        label="Clock",
        empty_label="Overdue or not",
        method="by_clock",
    )
    age = django_filters.ChoiceFilter(
        choices=[(str(days), f"Over {days} d ago") for days in (1, 2, 7, 14, 30)],
        label="Opened",
        empty_label="Any time",
        method="by_age",
    )
    value_from = django_filters.NumberFilter(
        field_name="value",
        lookup_expr="gte",
        label="At risk from",
        min_value=0,
        help_text="Without a currency, each is compared in its own; nothing is converted.",
    )
    currency = CurrencyFilter(label="Currency")
    status = django_filters.ChoiceFilter(
        choices=[*CaseStatus.choices, (ANY, "Open and resolved")],
        label="State",
        empty_label="All that are open",
        method="by_status",
    )
    bridge = BridgeFilter()
    assignee = django_filters.ChoiceFilter(
        choices=[("me", "Me"), ("none", "Nobody yet")],
        label="Assigned to",
        empty_label="Anybody or nobody",
        method="by_assignee",
    )
    snoozed = django_filters.ChoiceFilter(
        choices=[("only", "Only these"), ("with", "These too")],
        label="Snoozed",
        empty_label="Left out, unless a state is chosen",
        method="by_snooze",
    )
    behind = django_filters.ChoiceFilter(
        choices=[("only", "Only these"), ("with", "These too")],
        label="Waiting behind others",
        empty_label="Left out, unless a state is chosen",
        method="by_behind",
    )
    group = CauseFilter(queryset=CauseGroup.objects.all(), label="Cause")
    # One person by number: what a lead's page of loads leads to.
    person = django_filters.ModelChoiceFilter(
        queryset=User.objects.all(), field_name="assignee", label="With"
    )
    q = django_filters.CharFilter(label="Words or number", max_length=100, method="by_words")

    class Meta:
        model = Case
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Case]) -> QuerySet[Case]:
        asked = self.form.cleaned_data
        if not asked.get("status"):
            queryset = queryset.filter(status__in=CASE_OPEN)
            if not asked.get("snoozed"):
                queryset = queryset.filter(awake(timezone.now()))
            if self.leaves_out_behind:
                queryset = queryset.filter(behind__isnull=True)
        return super().filter_queryset(queryset)

    @property
    def leaves_out_behind(self) -> bool:
        """Whether what waits behind another is not in it. Who looks for what they put off finds
        all of it."""
        asked = self.form.cleaned_data
        is_wanted = asked.get("status") or asked.get("behind") or asked.get("snoozed") == "only"
        return not is_wanted

    @property
    def is_bounded(self) -> bool:
        """Whether it is by cause and holds closed ones: of these only the latest are shown."""
        is_listed = self.data.get("view") == "list"
        return not is_listed and self.form.cleaned_data["status"] in (ANY, CaseStatus.RESOLVED)

    @property
    def shown(self) -> QuerySet[Case]:
        """What the list shows: all it finds, by cause without those closed long ago."""
        if not self.is_bounded:
            return self.qs
        has_open = self.form.cleaned_data["status"] == ANY
        return self.qs.filter(causes.closed_lately(timezone.now(), has_open=has_open))

    @property
    def scope(self) -> counts.Scope | None:
        """The same as `qs` where the counts kept of open exceptions can tell it, else None."""
        asked: dict[str, Any] = self.form.cleaned_data if self.is_valid() else {"q": "not valid"}
        if asked.get("status") or asked.get("snoozed") or asked.get("q"):
            return None
        # What no count tells apart: `value_from` may be 0, which narrows nothing.
        if asked["behind"] == "only" or asked["due"] or asked["age"] or asked["currency"]:
            return None
        if asked["value_from"]:
            return None
        user = getattr(self.request, "user", None)
        people = {"none": 0, "me": user.pk if user else None}
        if asked["person"] and asked["assignee"]:
            return None
        return counts.Scope(
            now=timezone.now(),
            team=asked["team"],
            types=tuple(asked["type"]),
            severities=tuple(asked["severity"]),
            bridge=asked["bridge"].code if asked["bridge"] else "",
            group=asked["group"].pk if asked["group"] else None,
            assignee=asked["person"].pk if asked["person"] else people.get(asked["assignee"]),
            has_behind=asked["behind"] == "with",
        )

    def by_clock(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """Open ones past their clock; of one that stands still nobody says that it is late."""
        now = timezone.now()
        runs = Q(paused_until__isnull=True) | Q(paused_until__lte=now)
        return queryset.filter(runs, status__in=CASE_OPEN, due_at__lt=now)

    def by_age(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        return queryset.filter(opened_at__lt=timezone.now() - timedelta(days=int(value)))

    def by_snooze(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        return queryset.exclude(awake(timezone.now())) if value == "only" else queryset

    def by_behind(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        return queryset.filter(behind__isnull=False) if value == "only" else queryset

    def by_status(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        return queryset if value == ANY else queryset.filter(status=value)

    def by_assignee(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        if value == "none":
            return queryset.filter(assignee=None)
        return queryset.filter(assignee=getattr(self.request, "user", None))

    def by_words(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """A return's or order's number from its beginning, or words of the title."""
        words = value.strip()
        number = words.upper().removeprefix("EX-").removeprefix("RMA").lstrip("-# ")
        found = Q(title__icontains=words) | Q(rma__order_name__istartswith=words)
        if number:
            found |= Q(rma__external_id__istartswith=number)
            # A message about a return that is not here yet has its number in its subject alone.
            found |= Q(subject__startswith="event:", subject__endswith=f":{number}")
        if number.isascii() and number.isdigit() and len(number) < 15:
            found |= Q(pk=int(number))
        return queryset.filter(found)


class ReturnFilter(django_filters.FilterSet):
    """Returns by where they stand and what blocks them. Needs the request for who is asking."""

    where = django_filters.ChoiceFilter(
        choices=[(code, label) for code, (label, _) in standing.WHERE.items()],
        label="Where it stands",
        empty_label="Anywhere",
        method="by_where",
    )
    blocks = django_filters.ChoiceFilter(
        choices=lambda: [(code, capfirst(found.short)) for code, found in CATALOGUE.items()],
        label="What blocks it",
        empty_label="Anything or nothing",
        method="by_block",
    )
    exceptions = django_filters.ChoiceFilter(
        choices=[("open", "Open"), ("none", "None open")],
        label="Exceptions",
        empty_label="Any",
        method="by_cases",
    )
    age = django_filters.ChoiceFilter(
        choices=[(str(days), f"Over {days} d ago") for days in (2, 7, 14, 30)],
        label="Asked for",
        empty_label="Any time",
        method="by_age",
    )
    bridge = BridgeFilter()
    q = django_filters.CharFilter(
        label="Number, SKU or e-mail", max_length=returns_selector.MAX_QUERY, method="by_text"
    )

    class Meta:
        model = Rma
        fields: list[str] = []

    def by_where(self, queryset: QuerySet[Rma], name: str, value: str) -> QuerySet[Rma]:
        return queryset.filter(standing.WHERE[value][1])

    def by_block(self, queryset: QuerySet[Rma], name: str, value: str) -> QuerySet[Rma]:
        return queryset.filter(standing.has_open_case(value))

    def by_cases(self, queryset: QuerySet[Rma], name: str, value: str) -> QuerySet[Rma]:
        found = standing.has_open_case()
        return queryset.filter(found if value == "open" else ~found)

    def by_age(self, queryset: QuerySet[Rma], name: str, value: str) -> QuerySet[Rma]:
        return queryset.filter(requested_at__lt=timezone.now() - timedelta(days=int(value)))

    def by_text(self, queryset: QuerySet[Rma], name: str, value: str) -> QuerySet[Rma]:
        is_shown = permissions.can(self.request.user, "view_personal_data")
        return returns_selector.matching(
            queryset,
            text=value,
            is_personal_shown=is_shown,
            is_parcel_shown=permissions.can(self.request.user, "view_parcel_numbers"),
        )
