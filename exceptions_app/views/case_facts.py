"""The facts beside one exception: who, when, what it is worth, and what its finding said."""

from __future__ import annotations

from django.urls import reverse

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue.wording import written
from exceptions_app.choices import SEVERITY_RANK, Team
from exceptions_app.models import Case
from exceptions_app.templatetags.desk import when
from exceptions_app.views import case_parts

_FACT_LABELS = {
    "sku": "SKU",
    "name": "Name",
    "units": "Units",
    "candidates": "Candidates",
    "source_value": "As it was sent",
    "location": "Location",
    "division": "Division",
    "warehouse": "Warehouse",
    "order_division": "Division of the order",
    "component": "Charge",
    "setting": "VAT setting",
    "period": "Period",
    "posting_date": "Posting date",
    "sold": "Sold",
    "returned": "Returned",
    "excess": "Excess",
    "line_max": "Most for the line",
    "kind": "Document",
    "key": "Our key",
    "attempts": "Tries",
    "since": "Since",
    "reason": "Reason",
    "waiting": "Waits",
    "event": "Message",
    "field": "Field",
    "expected": "Expected",
    "got": "Came",
    "needs": "Needs",
}


def of(case: Case) -> list[dict[str, str]]:
    """Rows of label and value, with a `url` where the value leads somewhere."""
    shown = [
        {"label": "Team", "value": Team(case.team).label},
        {"label": "With", "value": _name(case) or "Nobody yet"},
        {"label": "Opened", "value": when(case.opened_at)},
        {"label": "Act by", "value": when(case.due_at)},
        *([{"label": "Clock", "value": case.counted}] if case.counted else []),
        {"label": "At risk", "value": _at_risk(case)},
    ]
    base = catalogue_entry(case.type).severity
    if case.severity_rank > SEVERITY_RANK[base]:
        shown.append(
            {
                "label": "Raised",
                "value": f"From {base.label.lower()} to {case.get_severity_display().lower()}",
                "url": reverse("manual-type", args=[case.type]),
            }
        )
    if case.rma is not None:
        shown.append(
            {
                "label": "Return",
                "value": str(case.rma),
                "url": reverse("return-detail", args=[case.rma.pk]),
            }
        )
        shown.append({"label": "Order", "value": case.rma.order_name})
    elif case.facts.get("order"):
        shown.append({"label": "Order", "value": str(case.facts["order"])})
    if case.bridge is not None:
        shown.append({"label": "Bridge", "value": case.bridge.name})
    if case.reopened_count:
        times = "Once" if case.reopened_count == 1 else f"{case.reopened_count} times"
        shown.append({"label": "Came back", "value": times})
    shown += [
        {"label": label, "value": written(name, case.facts)}
        for name, label in _FACT_LABELS.items()
        if case.facts.get(name)
    ]
    return [*shown, {"label": "Code", "value": case.type}]


def _at_risk(case: Case) -> str:
    figure = case_parts.at_risk(case)
    if not case.value_formula:
        return figure
    is_told = figure.lower() in case.value_formula.lower()
    return case.value_formula.capitalize() if is_told else f"{figure} = {case.value_formula}"


def _name(case: Case) -> str:
    person = case.assignee
    return (person.get_full_name() or person.get_username()) if person else ""
