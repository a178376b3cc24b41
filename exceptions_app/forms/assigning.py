"""The form of a rule of assignment."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.text import capfirst

from exceptions_app.catalogue import by_team
from exceptions_app.choices import AssignWay, Team
from exceptions_app.models import AssignmentRule, Bridge, CauseGroup, ErpLocation
from exceptions_app.selectors import assigning as selector
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.services.assignment_rules import Draft


class _People(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # stubs only
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.get_full_name() or obj.get_username())


class _Cause(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.title}, {obj.bridge.name}" if obj.bridge else str(obj.title)


class _Place(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    def label_from_instance(self, obj: Any) -> str:
        return selector.place_words(obj)


class RuleForm(forms.Form):
    """What a rule asks for, of one team, and who is given what fits."""

    type = forms.ChoiceField(label="Type", required=False)
    cause = _Cause(
        queryset=CauseGroup.objects.none(),
        label="Cause",
        required=False,
        empty_label="Any cause",
    )
    bridge = forms.ModelChoiceField(
        queryset=Bridge.objects.none(), label="Bridge", required=False, empty_label="Any bridge"
    )
    place = _Place(
        queryset=ErpLocation.objects.none(),
        label="Warehouse of the goods",
        required=False,
        empty_label="Any warehouse",
        help_text=(
            "Where goods of the return are to go by what their place is mapped to, or where the "
            "ERP received them, when the exception is found or raised."
        ),
    )
    division = forms.ChoiceField(
        label="Division of the order",
        required=False,
        help_text="As the ERP tells it. No source tells a brand; a division may be one.",
    )
    at_least = forms.DecimalField(
        label="At least at risk",
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        help_text="Compared in its own currency only.",
    )
    currency = forms.ChoiceField(label="Currency", required=False)
    way = forms.ChoiceField(
        label="How they are given",
        choices=AssignWay.choices,
        initial=AssignWay.TURN,
        widget=forms.RadioSelect,
    )
    people = _People(
        queryset=User.objects.none(),
        label="To whom",
        widget=forms.CheckboxSelectMultiple,
        help_text="Who is away, or can no longer sign in, is passed over.",
        error_messages={"required": "Choose who is given them."},
    )

    def __init__(
        self, *args: Any, team: str, row: AssignmentRule | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **{"auto_id": "rule_%s", **kwargs})
        self.team = team
        bridges = cases_selector.bridges()
        types = [(entry.code, capfirst(entry.short)) for entry in by_team(Team(team))]
        causes = selector.causes(team=team, also=row.group_id if row else None)
        currencies = sorted({bridge.currency for bridge in bridges})
        fields: Any = self.fields
        fields["type"].choices = [("", "Any type"), *types]
        fields["bridge"].queryset = bridges
        fields["cause"].queryset = CauseGroup.objects.filter(
            pk__in=[each.pk for each in causes]
        ).select_related("bridge")
        fields["place"].queryset = selector.places(also=row.place_id if row else None)
        known = {place.division for place in fields["place"].queryset}
        known |= {row.division} if row else set()
        fields["division"].choices = [
            ("", "Any division"),
            *((code, code) for code in sorted(known - {""})),
        ]
        fields["currency"].choices = [("", "None"), *((code, code) for code in currencies)]
        fields["people"].queryset = cases_selector.team_mates(team=team)
        if row is not None:
            asked: dict[str, Any] = {
                "type": row.type,
                "cause": row.group_id,
                "bridge": row.bridge_id,
                "place": row.place_id,
                "division": row.division,
                "at_least": row.at_least,
                "currency": row.currency,
                "way": row.way,
                "people": [turn.person_id for turn in row.turns.all()],
            }
            self.initial = {**self.initial, **asked}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        amount = cleaned.get("at_least")
        if amount and not cleaned.get("currency"):
            self.add_error("currency", "Say in which currency.")
        if not amount:
            cleaned |= {"at_least": None, "currency": ""}
        is_one = cleaned.get("way") == AssignWay.PERSON
        if is_one and "people" in cleaned and len(cleaned["people"]) != 1:
            self.add_error("people", "To one person: choose exactly one.")
        return cleaned

    @property
    def draft(self) -> Draft:
        given = self.cleaned_data
        return Draft(
            team=self.team,
            way=given["way"],
            people=tuple(given["people"]),
            type=given["type"],
            bridge=given["bridge"],
            group=given["cause"],
            at_least=given["at_least"],
            currency=given["currency"],
            place=given["place"],
            division=given["division"],
        )
